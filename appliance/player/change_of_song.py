"""What servers say while one song gives way to the next: MPD too early, Mopidy too late."""

from __future__ import annotations

import time

from appliance.player.client import Client, Status
from appliance.player.snapshot import Snapshot

# At the end of its queue MPD says "stop" a moment before it drops the song that ended: it is asked
# again so many times, with so many seconds between.
ASK_AGAIN_TIMES, ASK_AGAIN_S = 3, 0.05
LATE_S = 3.0  # for so long Mopidy may tell of the song that the jukebox has just left


def settled(client: Client, before: Snapshot | None) -> Status:
    """MPD's status, after a song that just ended is dropped from it.

    Without this, on a slow machine, the end of the chime was taken for a person's stop.
    """
    status = client.state()
    for _ in range(ASK_AGAIN_TIMES):
        played = before is not None and before.status["state"] == "play"
        if not (played and status["state"] == "stop" and "songid" in status):
            break
        time.sleep(ASK_AGAIN_S)
        status = client.state()
    return status


class Delay:
    """Knows that the jukebox has just put a song on of which the server does not tell yet.

    Without this, on a busy machine, Mopidy's song of before was taken for a person's choice.
    """

    def __init__(self) -> None:
        self._before: tuple[str, str | None, float] | None = None  # state, song id and when

    def begin(self, status: Status, place: Status, time_s: float) -> Status:
        """The status that will follow. place: the state, songid and song of the song put on."""
        self._before = None
        if (status["state"], status.get("songid")) == (place["state"], place["songid"]):
            return status
        if status.get("songid") != place["songid"]:
            self._before = status["state"], status.get("songid"), time_s
        return _with_song(status, place)

    def undone(self, status: Status, before: Snapshot, time_s: float) -> Status:
        """The status, or that of the new song while the server still tells of the one before."""
        if self._before is None:
            return status
        state, song_id, since_s = self._before
        if (status["state"], status.get("songid")) != (state, song_id) or time_s - since_s > LATE_S:
            self._before = None
            return status
        return _with_song(status, {key: before.status[key] for key in ("state", "songid", "song")})


def _with_song(status: Status, place: Status) -> Status:
    """The status when another song has begun. place: its state, songid and song."""
    later = ("elapsed", "duration", "nextsongid", "error")
    return {**{key: status[key] for key in status if key not in later}, **place}
