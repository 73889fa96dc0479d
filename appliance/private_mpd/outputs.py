"""The sound output of a private MPD, and its lines in mpd.conf."""

from __future__ import annotations

import logging
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from appliance.access import is_socket
from appliance.errors import PlayerError
from appliance.private_mpd.recording import RECORDING_FORMAT, recording_file

log = logging.getLogger("jukebox")


def mpd_plugins(program: str) -> frozenset[str]:
    """Names of the audio outputs compiled into this mpd program."""
    version = subprocess.run(  # noqa: S603  a program of the system, fixed arguments
        [program, "--version"], capture_output=True, text=True, timeout=10, check=False
    ).stdout
    _, _, rest = version.partition("Output plugins:\n")
    return frozenset(rest.partition("\n")[0].split())


def choose_output(
    plugins: frozenset[str],
    environment: Mapping[str, str],
    cards_file: Path = Path("/proc/asound/cards"),
) -> str:
    """The first of pipewire, pulse and alsa that is here and that MPD can use, else null.

    One line in the log tells which. environment: where XDG_RUNTIME_DIR and PULSE_SERVER are read.
    """
    runtime = Path(environment.get("XDG_RUNTIME_DIR") or "/nonexistent")
    cards = cards_file.read_text(encoding="utf-8") if cards_file.is_file() else ""
    is_here = {
        "pipewire": is_socket(runtime / "pipewire-0"),
        "pulse": "PULSE_SERVER" in environment or is_socket(runtime / "pulse" / "native"),
        "alsa": "]:" in cards,  # " 0 [PCH            ]: HDA-Intel - HDA Intel PCH"
    }
    for output, here in is_here.items():
        if here and output in plugins:
            log.info("sound goes to %s", output)
            return output
    log.warning("no PipeWire, PulseAudio or ALSA sound card here: the music plays without sound")
    return "null"


def output_blocks(output: str, *, real_time: bool) -> list[str]:
    """The audio_output blocks of mpd.conf. Raises PlayerError for an unknown output.

    real_time: whether a recording runs no faster than the clock.
    """
    silent_clock = {"type": "null", "name": "clock", "sync": "yes"}
    if recording := recording_file(output):
        pipe = _pipe_into(recording)
        return [_block(pipe), _block(silent_clock)] if real_time else [_block(pipe)]
    if output == "null":
        return [_block(silent_clock)]
    if output in ("alsa", "pulse", "pipewire"):
        return [_block({"type": output, "name": output})]
    raise PlayerError(
        f"there is no output {output!r}; use auto, null, alsa, pulse, pipewire or record:FILE.wav"
    )


def quoted(value: object) -> str:
    """A value for mpd.conf: in double quotes, with a backslash before quotes and backslashes."""
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _pipe_into(recording: Path) -> dict[str, str]:
    """An output that appends to a file; MPD's own recorder starts anew whenever playing stops."""
    rate, bits, channels = RECORDING_FORMAT
    return {
        "type": "pipe",
        "name": "recording",
        "command": f"cat >>{shlex.quote(str(recording))}",
        "format": f"{rate}:{bits}:{channels}",
    }


def _block(settings: Mapping[str, str]) -> str:
    lines = [f"    {key} {quoted(value)}" for key, value in settings.items()]
    # "software": the volume works the same everywhere and leaves the machine's own volume alone.
    lines.append('    mixer_type "software"')
    # Nothing may follow the brace: MPD refuses it.
    return "\n".join(["audio_output {", *lines, "}"])
