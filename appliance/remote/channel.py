"""What anybody who reaches MPD may ask by message: its channel knows no names and no passwords.

`[mpd] messages` says how much. The control socket, which only some users may open, knows no such
limit (docs/security.md).
"""

from __future__ import annotations

from typing import Literal

from appliance.records import Step
from appliance.remote import messages
from appliance.remote.controls import Controls

Level = Literal["none", "music", "all"]

SILENT = "this jukebox takes no messages over MPD; [mpd] messages in jukebox.toml allows them"
NOT_TOLD = (
    "how faces look is not told over MPD, where everybody in the network can read along;"
    " [mpd] messages in jukebox.toml allows it"
)


def answer(level: Level, message: str, step: Step, controls: Controls) -> str:
    """Does what the message asks for, as far as the level goes. Returns one line.

    none: nothing; music: everything, but answers tell nothing that comes from faces; all.
    """
    message = " ".join(message.split())  # an answer, which may repeat it, is one line
    word = message.lower().partition(" ")[0]
    if level == "none":
        return SILENT
    if level == "music" and word == "why":
        return NOT_TOLD
    if level == "music" and word == "status":
        return controls.status().outline()
    return messages.answer(message, step, controls)


class MessageLog:
    """Which messages the log tells of: anybody may send thousands, and each line is written."""

    def __init__(self, most_a_minute: int = 6) -> None:
        self._most = most_a_minute
        self._begun_s = float("-inf")
        self._told = 0

    def tells(self, time_s: float) -> bool:
        """Whether a message at this time gets a line."""
        if time_s - self._begun_s >= 60.0:
            self._begun_s, self._told = time_s, 0
        self._told += 1
        return self._told <= self._most
