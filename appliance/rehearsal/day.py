"""Lives through the day: the real loop, detector, network, mood and policy, frame after frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from appliance.decide.policy import MusicPolicy
from appliance.loop import Loop
from appliance.protocols import Classifier, Devices, FaceDetector, MoodFilter
from appliance.records import Emotion, Frame, GrayImage, ListenerAction, Mood, Play, Step
from appliance.rehearsal.player import Action, RecordingPlayer
from appliance.rehearsal.script import Script
from appliance.settings import Settings, StrategySettings

FRAMES_PER_SECOND = 2.0
# Newcomers are looked for less often than on the box, whose second has five frames: that is what
# most of the time would go into, and guests stay for minutes.
SEARCH_EVERY_S = 10.0
BEGAN_UNIX_S = 1.7e9  # some day's date for the history: nothing depends on it


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of the day: what was true, what the box made of it, and what played.

    in_charge: nobody has used the player lately, so that the box may change the music.
    music: whose playlist plays; None for silence, a pause or the listener's own songs.
    """

    time_s: float
    truth: Emotion | None
    mood: Mood
    music: Emotion | None
    in_charge: bool
    resting: bool


@dataclass(slots=True)
class Diary:
    """What happened: every moment, and everything that was done to the player."""

    script: Script
    moments: list[Moment] = field(default_factory=list)
    deeds: list[Action] = field(default_factory=list)


def as_rehearsed(settings: Settings) -> Settings:
    """The owner's settings, but the music follows each mood as it is and at once.

    With fewer looks for newcomers, which is what most of the time would go into.
    """
    music = replace(settings.music, strategy="match", change="now")
    every_s = max(SEARCH_EVERY_S, settings.faces.search_every_s)
    faces = replace(settings.faces, search_every_s=every_s)
    # The defaults calm anger and fear; empty is as [music] says.
    strategies = StrategySettings(angry="", fear="")
    return replace(settings, music=music, strategies=strategies, faces=faces)


class Day:
    """One rehearsal. see: the picture of a moment; faces, classifier, mood: of the box.

    witness: stands before the player.
    """

    def __init__(
        self,
        script: Script,
        settings: Settings,
        *,
        see: Callable[[float], GrayImage],
        faces: FaceDetector,
        classifier: Classifier,
        mood: MoodFilter,
        witness: RecordingPlayer,
    ) -> None:
        self._script, self._see, self._witness = script, see, witness
        self._policy = MusicPolicy(settings)
        self._doings = list(script.doings)
        self._step = Loop(
            Devices(_NoCamera(), faces, classifier, mood, self._policy, witness, _NoStore())
        ).step

    def live(self, tell: Callable[[float], None] | None = None) -> Diary:
        """The whole day. tell: hears now and then what share of it is over."""
        diary = Diary(self._script, deeds=self._witness.deeds)
        for number, time_s in _ticks(self._script.length_s):
            while self._doings and self._doings[0].time_s <= time_s:
                self._witness.do(self._doings.pop(0), time_s)
            luma = self._see(time_s)
            step = self._step(Frame(time_s, BEGAN_UNIX_S + time_s, luma))
            diary.moments.append(self._moment(step))
            if tell and number % 500 == 0:
                tell(time_s / self._script.length_s)
        return diary

    def _moment(self, step: Step) -> Moment:
        time_s, playback = step.frame.time_s, step.playback
        if playback is None:
            music, free, resting = None, False, False
        else:
            playing = playback.state == "play"
            music = step.play.emotion if step.play else playback.emotion if playing else None
            free = not playback.listener and not self._policy.holds(time_s)
            resting = playback.resting
        return Moment(time_s, self._script.truth_at(time_s), step.mood, music, free, resting)


def _ticks(length_s: float) -> Iterator[tuple[int, float]]:
    for number in range(int(length_s * FRAMES_PER_SECOND)):
        yield number, number / FRAMES_PER_SECOND


class _NoCamera:
    """Never read: each frame of the room is given to Loop.step."""

    def read(self, timeout_s: float) -> Frame:
        raise AssertionError(f"the day reads no camera, not for {timeout_s} s either")


class _NoStore:
    """A rehearsal leaves no history."""

    def record_mood(self, unix_s: float, mood: Mood) -> None:
        pass

    def record_seconds(self, unix_s: float, mood: Mood, seconds: float) -> None:
        pass

    def record_play(self, unix_s: float, play: Play, mood: Mood) -> None:
        pass

    def record_listener_action(self, unix_s: float, action: ListenerAction) -> None:
        pass

    def write(self, unix_s: float) -> None:
        pass
