"""Whether this room plays the leader's music, in step with the others, instead of its own."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.decide.told import Told
from appliance.records import Adjustment, Playback

# A fade that begins later could still be on when the song ends, and MPD's stop would then look like
# a person's: that held the whole house (tests/bench/rooms_sound.py, one frame a second, 1 s).
MARGIN_S = 3.0
# What may be set of a room, and the most of it. snapserver buffers a second and cuts a longer trim.
LEVELS = {"volume_percent": 100, "volume_max": 100, "trim_ms": 1000}


@dataclass(frozen=True, slots=True)
class RoomPlayer:
    """A room's loudspeaker, as the leader tells of it.

    room: its name at the leader. muted: because nobody is there. volume_percent, volume_max: of the
    leader's, and its limit. trim_ms: by how much it plays early, because its loudspeaker is late.
    """

    room: str
    name: str
    connected: bool
    leads: bool
    muted: bool
    volume_percent: int
    volume_max: int
    trim_ms: int


class HouseSound:
    """A room joins at the end of its own song, and plays its own music again without a leader.

    joined: whether the leader's music is to be heard here.
    """

    def __init__(self) -> None:
        self.joined = False
        self._gave_way = False
        self._rooms: Told[tuple[RoomPlayer, ...]] = Told()

    def show(self, rooms: tuple[RoomPlayer, ...], time_s: float) -> None:
        """The leader tells of these rooms."""
        self._rooms.tell(rooms, time_s)

    def rooms(self, time_s: float) -> tuple[RoomPlayer, ...]:
        """All rooms with a loudspeaker; none where no leader tells of them any more."""
        return self._rooms.at(time_s) or ()

    def join(self, playback: Playback, fade_s: float, *, asleep: bool) -> Adjustment | None:
        """What to do while there is a leader whose music goes to all rooms.

        A person's music stays; it ends when they pause it, or with its last song. asleep: nothing
        is to be heard here. fade_s: how long the music takes to fade out.
        """
        self.joined = playback.state != "play" and not asleep
        if playback.state != "play" or playback.listener:
            return None
        left_s = playback.remaining_s
        is_stream = left_s is None and not playback.has_end
        is_ending = left_s is not None and left_s <= fade_s + MARGIN_S
        # The last song of the queue ends by itself.
        if asleep or is_stream or (is_ending and playback.queued_after):
            self._gave_way = True
            return Adjustment("pause", "the house's music plays here")
        return None

    def leave(self, playback: Playback, *, deserted: bool) -> Adjustment | None:
        """What to do without such a leader: the music that gave way goes on, if anybody is here."""
        self.joined = False
        gave_way, self._gave_way = self._gave_way, False
        if gave_way and playback.resting and playback.state == "pause" and not deserted:
            return Adjustment("resume", "the house has no leader any more")
        return None
