import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from priors import PRIORS

from appliance.decide.mood import HmmMoodFilter
from appliance.decide.policy import MusicPolicy
from appliance.errors import PlayerError, StoreError
from appliance.listener import ListenerAction
from appliance.loop import Loop
from appliance.protocols import Devices
from appliance.records import (
    EMOTIONS,
    Adjustment,
    Box,
    Decision,
    Emotion,
    EmotionScores,
    Face,
    Frame,
    Mood,
    Play,
    Playback,
    Step,
)
from appliance.settings import MoodSettings, MusicSettings, Settings

PICTURE = np.zeros((4, 4), np.uint8)
FACE = Face(Box(0, 0, 4, 4), 0.9, 1)
HAPPY, SAD = Emotion.HAPPY, Emotion.SAD


class ScriptedRoom:
    """Camera, detector and classifier in one: shows a face like `shown`, five frames a second."""

    def __init__(self) -> None:
        self.shown: Emotion | None = None
        self.blind = False
        self.frames = 0

    def read(self, timeout_s: float) -> Frame:
        assert 0.2 <= timeout_s <= 1.0, "signals wait no longer, and nothing spins"
        self.frames += 1
        luma = None if self.blind else PICTURE
        return Frame(100.0 + self.frames / 5, 1.7e9 + self.frames / 5, luma)

    def find(self, frame: Frame) -> tuple[Face, ...]:
        return () if self.shown is None or frame.luma is None else (FACE,)

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        del frame
        probabilities = tuple(0.94 if emotion is self.shown else 0.01 for emotion in EMOTIONS)
        return tuple(EmotionScores(face, probabilities, probabilities, 0.5) for face in faces)


class RecordingPlayer:
    """Plays thirty-second songs and keeps what it was asked to do."""

    def __init__(self) -> None:
        self.down = False
        self.switched_on = False  # an output, while the player was down
        self.read_only = False
        self.listener_action: ListenerAction | None = None
        self.empty: set[Emotion] = set()
        self.decisions: list[Decision] = []
        self.adjustments: list[str] = []
        self.now = Playback("stop", "", None, None, 0)
        self._ends_s = 0.0
        self._next: Emotion | None = None
        self._began: Play | None = None  # and was not told yet
        self._reason = ""

    def playback(self, time_s: float) -> Playback:
        if self.down:
            raise PlayerError("MPD does not answer")
        if self.now.state == "play" and time_s >= self._ends_s:
            self._start(self._next, time_s)
        if self.now.state == "play":
            after = 0 if self._next is None else 1
            left_s = self._ends_s - time_s
            self.now = replace(self.now, remaining_s=left_s, queued_after=after)
        action, self.listener_action = self.listener_action, None
        began, self._began = self._began, None
        return replace(self.now, listener_action=action, began=began)

    def may_be_back(self) -> bool:
        return self.switched_on

    def carry_out(self, decision: Decision, time_s: float) -> Play | None:
        if self.read_only:
            raise PlayerError("MPD wants a password for that")
        if decision.emotion in self.empty:
            return None
        self.decisions.append(decision)
        self._reason = decision.reason
        if decision.how == "append":
            self._next = decision.emotion
        else:
            self._start(decision.emotion, time_s)
        return _play(decision.emotion, decision.reason)

    def adjust(self, adjustment: Adjustment, time_s: float) -> bool:
        self.adjustments.append(adjustment.how)
        resting = adjustment.how == "pause"
        self._ends_s = float("inf") if resting else time_s + 30.0
        self.now = replace(
            self.now,
            state="pause" if resting else "play",
            charge="resting" if resting else "jukebox",
        )
        return True

    def _start(self, emotion: Emotion | None, time_s: float) -> None:
        self._next, self._ends_s = None, time_s + 30.0
        state = "stop" if emotion is None else "play"
        self._began = _play(emotion, self._reason) if emotion else None
        self.now = Playback(state, "", emotion, 30.0 if emotion else None, 0)


def _play(emotion: Emotion, reason: str) -> Play:
    return Play(f"a {emotion} song", "uri", emotion, "x", reason)


class RecordingStore:
    """Keeps rows; writes them unless the disk is full."""

    def __init__(self) -> None:
        self.full = False
        self.waiting: list[object] = []
        self.rows: list[object] = []
        self.seconds = 0.0

    def record_mood(self, unix_s: float, mood: Mood) -> None:
        assert unix_s > 1e9
        self.waiting.append(mood)

    def record_play(self, unix_s: float, play: Play, mood: Mood) -> None:
        assert unix_s > 1e9
        self.waiting.append(play)

    def record_listener_action(self, unix_s: float, action: ListenerAction) -> None:
        self.waiting.append(("action", action))

    def record_seconds(self, unix_s: float, mood: Mood, seconds: float) -> None:
        del unix_s, mood
        self.seconds += seconds

    def write(self, unix_s: float) -> None:
        assert unix_s > 1e9
        if self.full:
            raise StoreError("the disk is full")
        self.rows += self.waiting
        self.waiting.clear()


class Jukebox:
    """A whole jukebox of fakes around the real loop, mood and policy."""

    def __init__(self, change: str = "end") -> None:
        self.room, self.player, self.store = ScriptedRoom(), RecordingPlayer(), RecordingStore()
        mood, policy = (
            HmmMoodFilter(MoodSettings(), PRIORS),
            MusicPolicy(Settings(music=MusicSettings(change=change))),
        )
        self.devices = Devices(
            self.room, self.room, self.room, mood, policy, self.player, self.store
        )
        self.loop = Loop(self.devices)

    def live(self, seconds: float) -> None:
        end = self.room.frames + round(5 * seconds)
        self.loop.run(lambda step: self._note(step) and self.room.frames < end)

    def _note(self, step: Step) -> bool:
        self.recorded = step.recorded
        return True

    def put_on(self) -> list[tuple[Emotion, str]]:
        return [(decision.emotion, decision.how) for decision in self.player.decisions]


def test_a_face_becomes_music():
    jukebox = Jukebox()
    jukebox.live(5)
    assert jukebox.put_on() == []
    jukebox.room.shown = HAPPY
    jukebox.live(5)
    assert jukebox.put_on() == [(HAPPY, "switch")]
    assert jukebox.player.now.emotion is HAPPY


def test_the_song_ends_before_the_music_changes():
    jukebox = Jukebox()
    jukebox.room.shown = HAPPY
    jukebox.live(10)
    jukebox.room.shown = SAD
    jukebox.live(40)
    appended = [how for _, how in jukebox.put_on()[1:]]
    assert set(appended) == {"append"}
    assert jukebox.player.now.emotion is SAD


def test_changed_at_once_when_so_set():
    jukebox = Jukebox("now")
    jukebox.room.shown = HAPPY
    jukebox.live(6)
    jukebox.room.shown = SAD
    jukebox.live(20)
    assert (SAD, "switch") in jukebox.put_on()


def test_the_music_never_runs_out_while_the_camera_is_blind_or_nobody_is_there():
    jukebox = Jukebox()
    jukebox.room.shown = HAPPY
    jukebox.live(10)
    jukebox.room.blind = True
    jukebox.live(200)
    jukebox.room.blind, jukebox.room.shown = False, None
    jukebox.live(200)
    assert jukebox.player.now.state == "play"
    assert {emotion for emotion, _ in jukebox.put_on()} == {HAPPY}


def test_moods_are_read_and_recorded_while_the_player_is_away(caplog):
    caplog.set_level(logging.INFO)
    jukebox = Jukebox()
    jukebox.player.down = True
    jukebox.room.shown = HAPPY
    jukebox.live(60)
    assert [mood.emotion for mood in jukebox.store.rows] == [HAPPY]
    jukebox.player.down = False
    jukebox.live(40)
    assert jukebox.player.now.emotion is HAPPY
    told = [record.getMessage() for record in caplog.records]
    assert told.count("player: lost: MPD does not answer") == 1
    assert told.count("player: back") == 1


def test_a_player_whose_output_was_switched_on_is_asked_at_once():
    jukebox = Jukebox()
    jukebox.player.down = True
    jukebox.room.shown = HAPPY
    jukebox.live(60)
    jukebox.player.down = False
    jukebox.live(1)
    assert jukebox.player.decisions == [], "the pause between two tries is 30 s by now"
    jukebox.player.switched_on = True
    jukebox.live(1)
    assert [decision.emotion for decision in jukebox.player.decisions] == [HAPPY]


def test_a_player_that_shows_but_does_not_obey_is_one_warning(caplog):
    caplog.set_level(logging.INFO)
    jukebox = Jukebox()
    jukebox.player.read_only = True
    jukebox.room.shown = HAPPY
    jukebox.live(120)
    jukebox.player.read_only = False
    jukebox.live(40)
    told = [record.getMessage() for record in caplog.records if "player" in record.getMessage()]
    assert told == ["player: lost: MPD wants a password for that", "player: back"]
    assert jukebox.player.now.emotion is HAPPY


def test_nothing_is_lost_while_the_disk_is_full():
    jukebox = Jukebox()
    jukebox.room.shown = HAPPY
    jukebox.store.full = True
    jukebox.live(60)
    assert jukebox.store.rows == []
    assert jukebox.player.now.state == "play"
    assert not jukebox.recorded
    jukebox.store.full = False
    jukebox.live(40)
    assert jukebox.recorded
    assert jukebox.store.waiting == []
    assert next(row for row in jukebox.store.rows if isinstance(row, Mood)).emotion is HAPPY


def test_a_mood_without_music_goes_on_with_other_music():
    jukebox = Jukebox("now")
    jukebox.player.empty = {SAD}
    jukebox.room.shown = HAPPY
    jukebox.live(6)
    jukebox.room.shown = SAD
    jukebox.live(60)
    assert {emotion for emotion, _ in jukebox.put_on()} == {HAPPY}
    assert jukebox.player.now.state == "play"


def test_every_second_is_accounted_for():
    jukebox = Jukebox()
    jukebox.room.shown = HAPPY
    jukebox.live(60)
    assert round(jukebox.store.seconds) == 60


def test_one_calm_line_a_change(caplog):
    caplog.set_level(logging.INFO)
    jukebox = Jukebox()
    jukebox.room.shown = HAPPY
    jukebox.live(9)
    assert [record.getMessage() for record in caplog.records] == [
        "1 face: the room looks happy, 68% sure",
        "playing a happy song (happy): the room looks happy",
    ]


def test_what_people_do_is_recorded_and_pauses_automatic_changes(caplog):
    caplog.set_level(logging.INFO)
    jukebox = Jukebox(change="now")
    jukebox.room.shown = Emotion.HAPPY
    jukebox.live(20)
    jukebox.player.listener_action = "skip"
    jukebox.live(1)
    jukebox.room.shown = Emotion.SAD
    jukebox.live(120)
    assert ("action", "skip") in jukebox.store.rows
    assert {emotion for emotion, _how in jukebox.put_on()} == {Emotion.HAPPY}
    assert sum(line.startswith("somebody chose another song") for line in caplog.messages) == 1


def test_the_music_rests_while_nobody_is_here(caplog):
    caplog.set_level(logging.INFO)
    jukebox = Jukebox()
    jukebox.room.shown = Emotion.HAPPY
    jukebox.live(20)
    jukebox.room.shown = None
    jukebox.live(15 * 60)
    assert jukebox.player.adjustments == ["pause"]
    jukebox.room.shown = Emotion.HAPPY
    jukebox.live(20)
    assert jukebox.player.adjustments == ["pause", "resume"]
    assert "the music fades out: nobody is here" in caplog.messages
    assert "the music goes on: somebody is back" in caplog.messages


def test_a_wish_in_an_empty_room_plays_for_as_long_as_an_absence_takes():
    jukebox = Jukebox()
    jukebox.room.shown = HAPPY
    jukebox.live(20)
    jukebox.room.shown = None
    jukebox.live(15 * 60)
    jukebox.devices.policy.ask_for(SAD)
    jukebox.live(9.9 * 60)
    assert jukebox.player.adjustments == ["pause", "resume"]
    assert jukebox.player.now.emotion is SAD
    jukebox.live(12)
    assert jukebox.player.adjustments == ["pause", "resume", "pause"]
