"""A test tone, and signals that tell of something; none of them is loud."""

from __future__ import annotations

import io
import math
import os
import subprocess
import tempfile
import wave
from array import array
from collections.abc import Sequence
from itertools import chain

from appliance.admin.outputs import Output
from appliance.errors import JukeboxError

RATE, SECONDS = 48_000, 0.7
LEVEL = 0.12  # of full scale, -18 dB: some sound cards begin at their loudest
EDGE_S = 0.05  # it comes and goes within this time, without a click
Note = tuple[float, tuple[int, ...]]  # hertz, sides
NOTES: tuple[Note, ...] = ((440.0, (0,)), (554.37, (1,)))
# Up is good, down is not.
SIGNALS: dict[str, tuple[Note, ...]] = {
    "connected": ((440.0, (0, 1)), (659.26, (0, 1))),
    "refused": ((440.0, (0, 1)), (311.13, (0, 1))),
}
PATIENCE_S = 10.0


def play_tone(output: Output, notes: Sequence[Note] = NOTES) -> None:
    """Plays the notes at this output. Raises JukeboxError, which says why nothing was heard."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(tone(notes))
        file.flush()
        try:
            done = subprocess.run(  # noqa: S603  a program of the system; the output is a known one
                [*_player(output), file.name],
                capture_output=True,
                timeout=PATIENCE_S,
                check=False,
                text=True,
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError as error:
            raise JukeboxError(
                f"the tone needs {error.filename}; sudo apt install alsa-utils"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise JukeboxError(f"{output.name} takes no sound; is it switched on?") from error
    if "busy" in done.stderr:
        raise JukeboxError(
            f"{output.name} plays music just now, so it works; to hear the tone, pause the music"
        )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise JukeboxError(f"{output.name} does not play: {last[:200]}")


def tone(notes: Sequence[Note] = NOTES) -> bytes:
    """The notes as a WAV file: 16 bit, 48 kHz, stereo."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for hertz, sides in notes:
            note = [_sample(number, hertz) for number in range(round(RATE * SECONDS))]
            silence = [0] * len(note)
            both = [note if side in sides else silence for side in (0, 1)]
            file.writeframes(array("h", chain.from_iterable(zip(*both, strict=True))).tobytes())
    return content.getvalue()


def _sample(number: int, hertz: float) -> int:
    at_s = number / RATE
    edge = min(at_s, SECONDS - at_s, EDGE_S) / EDGE_S
    return round(32767 * LEVEL * edge * math.sin(2 * math.pi * hertz * at_s))


def _player(output: Output) -> list[str]:
    """The command that plays a file there."""
    conf = dict(output.conf)
    if conf["type"] == "pipewire":
        return ["pw-play", "--target", conf["target"]]
    return ["aplay", "--quiet", "--device", conf["device"]]
