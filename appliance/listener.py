"""Who is in charge of the music: one value, and everything that changes it.

The player tells of the `Charge`: whether a person or the jukebox started or stopped what plays. The
policy keeps the `Listener`, which adds what people did or asked for and until when that counts, and
the history keeps it over restarts. Nothing here reads a clock or knows MPD.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

NEVER = float("inf")

# What a person can do to the player, and the jukebox notices.
ListenerAction = Literal["play", "pause", "stop", "skip", "seek", "queue", "volume", "mode"]
LISTENER_ACTIONS = get_args(ListenerAction)

# Whose doing it is that music plays, or that it does not.
Charge = Literal[
    "jukebox",  # the jukebox's music plays or may begin
    "chosen",  # a person's own song plays
    "paused",  # a person paused or
    "stopped",  # stopped the music, and it stays so until somebody presses play
    "cleared",  # a person emptied the queue, which is no wish for lasting silence
    "resting",  # the jukebox itself paused the music
    "halted",  # the player paused by itself: no output works, or it was restarted
]
SILENCED: tuple[Charge, ...] = ("paused", "stopped", "cleared")
OF_PEOPLE: tuple[Charge, ...] = ("chosen", *SILENCED)

# What can happen to the charge.
Event = Literal[
    "own song",  # a song plays that the jukebox put on
    "other song",  # another song plays
    "pause",  # a person has paused the music,
    "stop",  # stopped it,
    "clear",  # emptied the queue, or
    "fill",  # added songs to it
    "end",  # the music has come to its end, or failed
    "rest",  # the jukebox pauses the music
    "halt",  # the player has paused by itself
]


def charge_after(charge: Charge, event: Event) -> Charge:
    """Whose doing it is after the event."""
    silenced = charge in SILENCED
    ended: Charge = charge if silenced else "jukebox"
    after: dict[Event, Charge] = {
        "own song": "jukebox",
        "other song": "chosen",
        "pause": "paused",
        "stop": "stopped",
        "clear": charge if silenced else "cleared",
        "fill": "stopped" if charge == "cleared" else ended,
        "end": ended,
        "rest": "resting",
        "halt": charge if silenced else "halted",
    }
    return after[event]


def charge_after_restart(charge: Charge, state: Literal["play", "pause", "stop"]) -> Charge:
    """Whose doing it is after the player was restarted, which is nobody's doing.

    state: what the player does now. What people silenced stays theirs, even if the player plays it
    again. What played before and is paused now was paused by the restart.
    """
    if charge in SILENCED:
        return charge
    if state == "pause":
        return charge if charge == "resting" else "halted"
    return "jukebox"


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is in charge, since when, why, and until when.

    charge: whose doing the playing or the silence is; since_s: since when. action: the last thing
    that a person did to the player. Automatic changes are paused until acted_until_s because of it,
    and until asked_until_s because somebody asked for it. All times as Frame.time_s.
    """

    charge: Charge = "jukebox"
    since_s: float = 0.0
    action: ListenerAction | None = None
    acted_until_s: float = -NEVER
    asked_until_s: float = -NEVER

    @property
    def in_charge(self) -> bool:
        """Whether a person chose what plays, or that nothing does."""
        return self.charge in OF_PEOPLE

    @property
    def hold_until_s(self) -> float:
        """Until when automatic changes are paused; a time in the past: they are not."""
        return max(self.acted_until_s, self.asked_until_s)

    def holds(self, time_s: float) -> bool:
        """Whether automatic changes are paused now."""
        return time_s < self.hold_until_s

    def shown(self, charge: Charge, time_s: float, *, silent: bool = False) -> Listener:
        """After the player has told whose doing it is now. silent: whether nothing plays.

        When a person's own songs have run out, what they did pauses nothing any more.
        """
        if charge == self.charge:
            return self
        ran_out = silent and self.charge == "chosen" and charge == "jukebox"
        until_s = -NEVER if ran_out else self.acted_until_s
        return replace(self, charge=charge, since_s=time_s, acted_until_s=until_s)

    def acted(self, action: ListenerAction, until_s: float) -> Listener:
        """After a person did something to the player."""
        return replace(self, action=action, acted_until_s=until_s)

    def asked(self, until_s: float) -> Listener:
        """After somebody asked that nothing be changed until then."""
        return replace(self, asked_until_s=until_s)

    def released(self) -> Listener:
        """After somebody allowed automatic changes again."""
        return replace(self, acted_until_s=-NEVER, asked_until_s=-NEVER)
