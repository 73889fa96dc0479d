"""A player that behaves like MPD with a person who uses it, and a recorder of what both do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, Protocol

from appliance.listener import Charge, ListenerAction
from appliance.protocols import Player
from appliance.records import Adjustment, Decision, Emotion, How, Play, Playback
from appliance.rehearsal.script import ScriptedAction

SONG_S = (150.0, 280.0)  # from the shortest to the longest song
OWN_SONGS = 3  # how many songs of their own the listener queues


class Listener(Protocol):
    """The person who uses an MPD app."""

    def do(self, action: ScriptedAction, time_s: float) -> bool:
        """Does it; False if there is nothing to do, such as to pause while nothing plays."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that was done to the player, by the jukebox or by the listener.

    emotion: from whose playlist a song was put on; before: from whose playlist the jukebox put on
    the last song. after_own_songs: the listener's own songs had run out.
    """

    time_s: float
    what: How | Literal["pause", "resume"] | ListenerAction
    by_jukebox: bool
    emotion: Emotion | None = None
    before: Emotion | None = None
    after_own_songs: bool = False


@dataclass(frozen=True, slots=True)
class _Song:
    title: str
    emotion: Emotion | None
    length_s: float
    reason: str = ""


class StandIn:
    """A player and its listener: songs of some minutes, one queue, no clock of its own.

    Every method gets the time of the simulated day, which must not go backwards.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._queue: deque[_Song] = deque()  # its first is the current song, if any
        self._ends_s = 0.0  # when the current song ends, if nobody pauses it
        self._left_s = 0.0  # of the current song, while it is paused
        self._state: Literal["play", "pause", "stop"] = "stop"
        self._held = self._resting = False  # paused by the listener; by the jukebox
        self._volume = 60
        self._volume_before: int | None = None
        self._listener_action: ListenerAction | None = None  # not told yet
        self._began: Play | None = None  # likewise

    def playback(self, time_s: float) -> Playback:
        """What plays now, and what the listener did since the last time."""
        while self._state == "play" and time_s >= self._ends_s:
            self._next(self._ends_s)
        action, self._listener_action = self._listener_action, None
        began, self._began = self._began, None
        song = self._queue[0] if self._queue else None
        paused = self._state == "pause"
        remaining_s = self._left_s if paused else self._ends_s - time_s
        theirs = song is not None and song.emotion is None and self._state == "play"
        by_person: Charge = "paused" if self._held else "chosen" if theirs else "jukebox"
        return Playback(
            state=self._state,
            title=song.title if song else "",
            emotion=song.emotion if song else None,
            remaining_s=remaining_s if song else None,
            queued_after=max(0, len(self._queue) - 1),
            charge="resting" if self._resting else by_person,
            volume_percent=self._volume,
            listener_action=action,
            began=began,
            volume_before=self._volume_before,
        )

    def may_be_back(self) -> bool:
        """Nothing fails here."""
        return False

    def carry_out(self, decision: Decision, time_s: float) -> Play | None:
        """Puts on a song; None if one of that emotion, or of the listener's, waits already."""
        waiting = list(self._queue)[1:]
        if decision.how == "append":
            if any(song.emotion in (None, decision.emotion) for song in waiting):
                return None
            self._queue = deque([*list(self._queue)[:1], self._song_for(decision)])
        else:
            self._queue = deque([self._song_for(decision)])
        if decision.how != "append" or self._state == "stop":
            self._start(time_s)
        return _play_of(self._queue[-1])

    def adjust(self, adjustment: Adjustment, time_s: float) -> bool:
        """Pauses, resumes or changes the volume; False if there was nothing to do."""
        if adjustment.how == "pause" and self._state == "play":
            self._pause(time_s)
            self._resting = True
        elif adjustment.how == "resume" and self._state == "pause":
            self._go_on(time_s)
        elif adjustment.volume_percent is not None:
            self._volume = adjustment.volume_percent
            self._volume_before = adjustment.volume_before
        else:
            return False
        return True

    def do(self, action: ScriptedAction, time_s: float) -> bool:
        """Does what the listener does; False if there is nothing to do."""
        match action.what:
            case "pause" if self._state == "play":
                self._pause(time_s)
                self._held = True
            case "play" if self._state == "pause":
                self._go_on(time_s)
            case "skip" if self._state == "play":
                self._next(time_s)
            case "queue":
                own = [self._song(None) for _ in range(OWN_SONGS)]
                self._queue = deque(own)
                self._start(time_s)
            case "volume":
                self._volume, self._volume_before = action.percent, None
            case _:
                return False
        self._listener_action = action.what
        return True

    def _song_for(self, decision: Decision) -> _Song:
        return replace(self._song(decision.emotion), reason=decision.reason)

    def _song(self, emotion: Emotion | None) -> _Song:
        name = emotion or "the listener's own"
        number = self._random.randrange(1000)
        return _Song(f"{name} {number:03}", emotion, self._random.uniform(*SONG_S))

    def _start(self, time_s: float) -> None:
        self._state, self._held, self._resting = "play", False, False
        self._ends_s = time_s + self._queue[0].length_s
        self._began = _play_of(self._queue[0]) or self._began

    def _next(self, time_s: float) -> None:
        """Ends the song; after the last one MPD stops by itself, so the listener did nothing."""
        self._queue.popleft()
        if self._queue:
            self._start(time_s)
        else:
            self._state = "stop"

    def _pause(self, time_s: float) -> None:
        self._state, self._left_s = "pause", self._ends_s - time_s

    def _go_on(self, time_s: float) -> None:
        self._state, self._held, self._resting = "play", False, False
        self._ends_s = time_s + self._left_s


def _play_of(song: _Song) -> Play | None:
    """What is told of a song of the jukebox's."""
    if song.emotion is None:
        return None
    return Play(song.title, song.title, song.emotion, "rehearsal", song.reason)


class RecordingPlayer:
    """Passes everything on to a player and records what was done to it, and by whom."""

    def __init__(self, player: Player, listener: Listener) -> None:
        self._player, self._listener = player, listener
        self._last: Playback | None = None
        self._own_played = False
        self._before: Emotion | None = None  # from whose playlist the last song was put on
        self.actions: list[Action] = []

    def playback(self, time_s: float) -> Playback:
        """What the player plays now."""
        self._last = self._player.playback(time_s)
        if self._last.state == "play":
            self._own_played = self._last.emotion is None
            self._before = self._last.emotion or self._before
        return self._last

    def may_be_back(self) -> bool:
        """Whether the player's outputs have changed since it failed."""
        return self._player.may_be_back()

    def carry_out(self, decision: Decision, time_s: float) -> Play | None:
        """Lets the player put on a song, and records that it did."""
        play = self._player.carry_out(decision, time_s)
        if play is not None:
            ran_out = self._own_played and self._last is not None and self._last.state == "stop"
            self._record(time_s, decision.how, decision.emotion, ran_out=ran_out)
            if decision.how != "append":
                self._before = decision.emotion
        return play

    def adjust(self, adjustment: Adjustment, time_s: float) -> bool:
        """Lets the player pause, resume or change the volume, and records that it did."""
        done = self._player.adjust(adjustment, time_s)
        if done:
            self._record(time_s, adjustment.how)
        return done

    def do(self, action: ScriptedAction, time_s: float) -> None:
        """Lets the listener do something, and records it if there was anything to do."""
        if self._listener.do(action, time_s):
            self.actions.append(Action(time_s, action.what, by_jukebox=False))

    def _record(
        self,
        time_s: float,
        what: How | Literal["pause", "resume", "volume"],
        emotion: Emotion | None = None,
        *,
        ran_out: bool = False,
    ) -> None:
        self.actions.append(Action(time_s, what, True, emotion, self._before, ran_out))
