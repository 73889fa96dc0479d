"""The audio output in an owner's mpd-own.conf. All other lines stay as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.admin.outputs import Output
from appliance.errors import JukeboxError
from appliance.private_mpd.outputs import quoted

BEGIN = re.compile(r"^\s*audio_output\s*\{\s*$")
SETTING = re.compile(r'^\s*(\w+)\s+"((?:[^"\\]|\\.)*)"\s*(#.*)?$')
# What belongs to the output before: its own place, and the mixer of its card.
OF_AN_OUTPUT = {
    "type", "device", "target", "remote", "server", "sink", "host", "port",
    "mixer_device", "mixer_control", "mixer_index",
}  # fmt: skip
NEW = """audio_output {
    name "loudspeaker"
    mixer_type "software"
}
"""


def with_output(text: str, output: Output) -> str:
    """The text with this output in place of its only one, which keeps its name and mixer type.

    Raises JukeboxError if there are several, of which only the owner knows what they are for.
    """
    lines = text.split("\n")
    blocks = _blocks(lines)
    if len(blocks) > 1:
        raise JukeboxError(
            f"mpd-own.conf has {len(blocks)} audio outputs; which one is meant only its owner"
            " knows: edit it, then sudo systemctl restart mpd"
        )
    if not blocks:
        lines = f"{text.rstrip()}\n{NEW}".lstrip().split("\n")
        blocks = _blocks(lines)
    ((begin, end),) = blocks
    kept = [line for line in lines[begin + 1 : end] if _name(line) not in OF_AN_OUTPUT]
    chosen = [f"    {name} {quoted(value)}" for name, value in output.conf]
    return "\n".join([*lines[: begin + 1], *chosen, *kept, *lines[end:]])


def chosen_output(text: str, outputs: Sequence[Output]) -> Output | None:
    """Which of the outputs the text has; None if it has another one, or several."""
    lines = text.split("\n")
    blocks = _blocks(lines)
    if len(blocks) != 1:
        return None
    ((begin, end),) = blocks
    settings = {match[1]: match[2] for line in lines[begin:end] if (match := SETTING.match(line))}
    if settings.get("type") == "alsa":
        settings.setdefault("device", "default")  # as MPD does
    return next((out for out in outputs if set(out.conf) <= set(settings.items())), None)


def _blocks(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The lines in which each audio_output begins and ends, counted from 0."""
    found = []
    for number, line in enumerate(lines):
        if BEGIN.match(line):
            end = next((n for n in range(number, len(lines)) if lines[n].strip() == "}"), None)
            if end is not None:
                found.append((number, end))
    return found


def _name(line: str) -> str:
    match = SETTING.match(line)
    return match[1] if match else ""
