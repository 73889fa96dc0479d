"""What a person did between two snapshots of MPD.

The jukebox writes its own actions into the earlier snapshot (observer.py). Time explains what MPD
does by itself, such as going on to the next song at the end of one. A person did all the rest.
"""

from __future__ import annotations

from appliance.listener import ListenerAction
from appliance.player.client import Status
from appliance.player.snapshot import Snapshot, has_failed, length_of

END_S = 3.0  # a change of song nearer than this to the end of the song was its end
# A file of unknown length that gives way so early was skipped; later it may have come to its end.
SURELY_LONGER_S = 30.0
JUMP_S = 3.0  # streams and slow outputs make the position in a song jump by less than this
MODES = ("repeat", "random", "single", "consume", "xfade")


def action_between(
    before: Snapshot,
    status: Status,
    time_s: float,
    *,
    edited: bool,
    turned: bool,
    link: bool,
) -> ListenerAction | None:
    """The most important of a person's actions since the snapshot; None if there was none.

    time_s: of the status. edited: whether others changed the queue; turned: whether others changed
    the volume. link: whether the song of the snapshot comes over a network, which may break off.
    """
    cleared = edited and status["state"] == "stop" and status["playlistlength"] == "0"
    if action := _on_playing(before, status, time_s, link=link):
        return "queue" if cleared else action
    if edited:
        return "queue"
    if turned:
        return "volume"
    return "mode" if _modes_differ(before.status, status) else None


def is_passed_over(before: Snapshot, status: Status) -> bool:
    """Whether a skip led to the next song or past the last one, not to a song that was chosen."""
    if "songid" in status:
        return status["songid"] == before.status.get("nextsongid")
    return status["playlistlength"] != "0"  # past the last song


def may_have_ended(before: Snapshot, time_s: float, *, link: bool) -> bool:
    """Whether the song of the snapshot has come to its end by now, or nearly so."""
    left_s = before.playback.remaining_s
    if left_s is None:
        known = float(before.status.get("duration", 0)) > 0  # but the song is beyond it
        played_s = _elapsed_s(before.status) + time_s - before.time_s
        return link or known or played_s >= SURELY_LONGER_S
    early_s = END_S + float(before.status.get("xfade", 0))
    return left_s - (time_s - before.time_s) <= early_s


def _on_playing(
    before: Snapshot, status: Status, time_s: float, *, link: bool
) -> ListenerAction | None:
    """A person's action on the playing itself: play, pause, stop, skip or seek."""
    was, now = before.status["state"], status["state"]
    same = before.status.get("songid") == status.get("songid")
    action: ListenerAction | None = None
    if has_failed(before, status):  # a song or an output failed
        action = None
    elif was == "play":
        action = _while_playing(before, status, time_s, same=same, link=link)
    elif was != now:
        action = now  # type: ignore[assignment]  # MPD's states have the names of the actions
    elif now == "pause" and not same:
        action = "skip"
    elif now == "pause" and abs(_elapsed_s(status) - _elapsed_s(before.status)) > JUMP_S:
        action = "seek"
    return action


def _while_playing(
    before: Snapshot, status: Status, time_s: float, *, same: bool, link: bool
) -> ListenerAction | None:
    ended = may_have_ended(before, time_s, link=link)
    # MPD tells no difference between a download that broke off and a person's "next".
    over = ended or (link and not same)
    # With "single", MPD pauses or stops after each song, and "oneshot" switches itself off then.
    by_itself = over and before.status["single"] != "0"
    if status["state"] == "pause":
        return None if by_itself else "pause"
    if status["state"] == "stop" and "songid" in status:
        return None if by_itself else "stop"
    if not same:  # another song, or none: after the last one MPD has no current song
        return None if over and _is_next(before, status, link=link) else "skip"
    begins_anew = link and status.get("songid") == before.status.get("nextsongid")  # by "repeat"
    if begins_anew and _elapsed_s(status) <= time_s - before.time_s + JUMP_S:
        return None
    if link and length_of(status) is None:  # nobody can move in a radio
        return None
    return "seek" if _has_jumped(before, status, time_s, ended=ended) else None


def _is_next(before: Snapshot, status: Status, *, link: bool) -> bool:
    """Whether MPD goes on to this song by itself."""
    if link and before.status["single"] != "0":  # it would have paused
        return "songid" not in status
    known_length = before.playback.remaining_s is not None and not link
    song_id = status.get("songid")
    return known_length or song_id is None or song_id == before.status.get("nextsongid")


def _has_jumped(before: Snapshot, status: Status, time_s: float, *, ended: bool) -> bool:
    """Whether the position in the song differs from what time alone explains."""
    if "elapsed" not in before.status:
        return False
    was_s, now_s = _elapsed_s(before.status), _elapsed_s(status)
    begins_anew = now_s <= time_s - before.time_s + JUMP_S
    if ended and (begins_anew or before.playback.remaining_s is not None):
        return False
    # The position may lag by any amount, because a stream can stall, but it never goes back.
    return now_s < was_s - JUMP_S / 2 or now_s > was_s + (time_s - before.time_s) + JUMP_S


def _elapsed_s(status: Status) -> float:
    return float(status.get("elapsed", 0))


def _modes_differ(was: Status, now: Status) -> bool:
    # MPD itself switches "oneshot" off.
    return any(
        was.get(mode, "0") != now.get(mode, "0")
        and not (was.get(mode) == "oneshot" and now.get(mode) == "0")
        for mode in MODES
    )
