"""What follows when a person clears the queue: a song on offer, and music again after a while."""

from __future__ import annotations

from appliance.listener import NEVER
from appliance.records import Mood, Playback

# An app presses "play" in vain on a queue that somebody has cleared, and MPD tells nobody. So a
# song is offered after this long; an app that replaces the queue has added its songs by then.
OFFER_AFTER_S = 10.0
# At its start the jukebox has seen nobody yet: for so long, that does not show an empty room.
FINDS_WITHIN_S = 15.0


class ClearedQueue:
    """Knows how long the queue has been empty, and whether the music may begin again by itself."""

    def __init__(self, *, known: bool = False) -> None:
        """known: the hold after a clear before a restart still lasts, so it does not begin anew."""
        self._empty_since_s = NEVER  # since when a person has left the queue empty
        self._cleared = known  # a person is in charge only because they cleared the queue,
        self._left_since = False  # and the room has been empty since
        self._sees_since_s: float | None = None  # from when on an empty room is known to be one

    def notice(self, time_s: float, mood: Mood, playback: Playback) -> bool:
        """Whether a person has just cleared the queue, or before a restart. For every frame."""
        edited = playback.listener_action == "queue"
        if not playback.empty:
            self._empty_since_s = NEVER
        elif edited or (playback.listener and self._empty_since_s == NEVER):
            self._empty_since_s = time_s
        cleared = playback.charge == "cleared"
        just_cleared = cleared and (edited or not self._cleared)
        self._cleared = cleared
        if self._sees_since_s is None:
            self._sees_since_s = time_s + FINDS_WITHIN_S
        is_empty = mood.state == "nobody" and time_s >= self._sees_since_s
        self._left_since = is_empty or (self._left_since and not just_cleared)
        return just_cleared

    def needs_song(self, time_s: float) -> bool:
        """Whether a song should be offered, so that "play" gives music again."""
        return time_s - self._empty_since_s >= OFFER_AFTER_S

    def may_begin(self, mood: Mood, *, held: bool, plays_for_nobody: bool) -> bool:
        """Whether the music may begin again by itself.

        held: automatic changes are paused. plays_for_nobody: music goes on in an empty room.
        """
        if not self._cleared:
            return False
        if mood.state == "nobody":
            return plays_for_nobody and not held
        return not held or (self._left_since and mood.faces > 0)
