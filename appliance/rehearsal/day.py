"""Takes the real loop, detector, network, mood filter and policy through the simulated day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from appliance.decide.policy import MusicPolicy
from appliance.listener import ListenerAction
from appliance.loop import Loop
from appliance.protocols import Classifier, Devices, FaceDetector, MoodFilter
from appliance.records import Emotion, Frame, GrayImage, Mood, Play, Step
from appliance.rehearsal.player import Action, RecordingPlayer
from appliance.rehearsal.script import Script
from appliance.settings import Settings, StrategySettings

FRAMES_PER_SECOND = 2.0
# New faces are searched for less often than by the jukebox, because that would take most of the
# time; guests stay for minutes.
SEARCH_EVERY_S = 10.0
BEGAN_UNIX_S = 1.7e9  # the date of the day; only quiet hours depend on it


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of the day: what was true, which mood the jukebox found, and what played.

    truth: the owner's mood, None while the owner is away. music: the emotion whose playlist plays;
    None for silence, a pause or the listener's own songs. in_charge: nobody has used the player
    lately, so the jukebox may change the music. resting: the jukebox itself paused the music.
    clear: the owner's face is there, frontal and lit.
    """

    time_s: float
    truth: Emotion | None
    mood: Mood
    music: Emotion | None
    in_charge: bool
    resting: bool
    clear: bool = True


@dataclass(slots=True)
class Diary:
    """What happened: every moment, and everything that was done to the player, in order of time."""

    script: Script
    moments: list[Moment] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)


def as_rehearsed(settings: Settings, *, search_seldom: bool = True) -> Settings:
    """The owner's settings, but the music follows each mood as it is and at once.

    search_seldom: search for new faces less often, because that would take most of the time.
    """
    music = replace(settings.music, strategy="match", change="now")
    # By default, angry and fear have the strategy "calm". An empty one is that of [music].
    strategies = StrategySettings(angry="", fear="")
    settings = replace(settings, music=music, strategies=strategies)
    if not search_seldom:
        return settings
    every_s = max(SEARCH_EVERY_S, settings.faces.search_every_s)
    return replace(settings, faces=replace(settings.faces, search_every_s=every_s))


class Day:
    """One simulated day. picture_at: the picture of a moment, uint8 (height, width).

    is_clear_at: whether the owner's face is there, frontal and lit; by default as the script says.
    faces, classifier, mood: the devices under test. recorder: the player, and its listener.
    """

    def __init__(
        self,
        script: Script,
        settings: Settings,
        *,
        picture_at: Callable[[float], GrayImage],
        faces: FaceDetector,
        classifier: Classifier,
        mood: MoodFilter,
        recorder: RecordingPlayer,
        is_clear_at: Callable[[float], bool] | None = None,
    ) -> None:
        self._is_clear_at = is_clear_at or script.is_clear_at
        self._script, self._picture_at, self._recorder = script, picture_at, recorder
        self._policy = MusicPolicy(settings)
        self._to_do = list(script.listener_actions)
        self._step = Loop(
            Devices(_NoCamera(), faces, classifier, mood, self._policy, recorder, _NoStore())
        ).step

    def live(self, tell: Callable[[float], None] | None = None) -> Diary:
        """The diary of the whole day. tell: gets the share of the day that is over, now and then.

        Raises what a device raises, except PlayerError.
        """
        diary = Diary(self._script, actions=self._recorder.actions)
        for number, time_s in _ticks(self._script.length_s):
            while self._to_do and self._to_do[0].time_s <= time_s:
                self._recorder.do(self._to_do.pop(0), time_s)
            luma = self._picture_at(time_s)
            step = self._step(Frame(time_s, BEGAN_UNIX_S + time_s, luma))
            diary.moments.append(self._moment(step))
            if tell and number % 500 == 0:
                tell(time_s / self._script.length_s)
        return diary

    def _moment(self, step: Step) -> Moment:
        time_s, playback = step.frame.time_s, step.playback
        if playback is None:
            music, in_charge, resting = None, False, False
        else:
            playing = playback.state == "play"
            music = playback.emotion if playing else None
            in_charge = not playback.listener and not self._policy.holds(time_s)
            resting = playback.resting
        truth = self._script.truth_at(time_s)
        clear = self._is_clear_at(time_s)
        return Moment(time_s, truth, step.mood, music, in_charge, resting, clear)


def _ticks(length_s: float) -> Iterator[tuple[int, float]]:
    """(number, time) of every frame."""
    for number in range(int(length_s * FRAMES_PER_SECOND)):
        yield number, number / FRAMES_PER_SECOND


class _NoCamera:
    """Never read: the day gives each frame to Loop.step."""

    def read(self, timeout_s: float) -> Frame:
        raise AssertionError(f"the day reads no camera, not even for {timeout_s} s")


class _NoStore:
    """A rehearsal keeps no history."""

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
