"""Mood, what is playing, and who touched the player last → a decision, or none."""

from __future__ import annotations

from appliance.records import EMOTIONS, Decision, Emotion, How, Mood, Playback
from appliance.settings import MusicSettings

# The next song is added this long before the current one ends: late enough that the mood is
# today's, early enough for MPD to open it without a gap.
APPEND_BEFORE_S = 8.0
# A playlist that could not be played is asked again after this long; owners add music meanwhile.
REFUSED_FOR_S = 60.0

LOOKS = {
    Emotion.ANGRY: "looks angry",
    Emotion.DISGUST: "looks disgusted",
    Emotion.FEAR: "looks afraid",
    Emotion.HAPPY: "looks happy",
    Emotion.SAD: "looks sad",
    Emotion.SURPRISE: "looks surprised",
    Emotion.NEUTRAL: "looks neutral",
}


class Policy:
    """Out of song: look up the mood, pick from its playlist. Or change at once, if so set.

    A mood that is not settled never changes the music: what was wanted last goes on. settings may
    be replaced at any time.
    """

    def __init__(self, settings: MusicSettings) -> None:
        self.settings = settings
        self._wanted: Emotion | None = None  # of the last settled mood
        self._refused_until_s: dict[Emotion, float] = {}

    def decide(self, time_s: float, mood: Mood, playback: Playback) -> Decision | None:
        """What to do now. None: leave everything as it is."""
        if mood.emotion is not None:
            self._wanted = mood.emotion
        if self._wanted is None or playback.listener:
            return None
        emotion = self._playable(time_s, self._wanted, playback.emotion)
        if emotion is None:
            return None
        how = self._how(mood, playback, emotion)
        return None if how is None else Decision(emotion, how, self._why(emotion, mood))

    def _how(self, mood: Mood, playback: Playback, emotion: Emotion) -> How | None:
        if playback.state == "stop":
            return "switch"
        if mood.emotion is not None and emotion is not playback.emotion:
            if self.settings.change == "now" or playback.remaining_s is None:
                return "switch"  # a stream has no end to wait for
            if self.settings.change == "crossfade":
                return "fade"
        return "append" if playback.songs_after == 0 and _ending(playback) else None

    def refused(self, time_s: float, decision: Decision) -> None:
        """Its playlist gave nothing to play: use others for a while, so that the music goes on."""
        self._refused_until_s[decision.emotion] = time_s + REFUSED_FOR_S

    def _playable(self, time_s: float, wanted: Emotion, playing: Emotion | None) -> Emotion | None:
        """The wanted emotion, or the nearest thing to it whose playlist has not just failed."""
        for emotion in (wanted, playing, Emotion.NEUTRAL, *EMOTIONS):
            if emotion is not None and self._refused_until_s.get(emotion, time_s) <= time_s:
                return emotion
        return None

    def _why(self, emotion: Emotion, mood: Mood) -> str:
        if emotion is not self._wanted:
            return f"there is no music for {self._wanted}"
        if mood.emotion is None:
            return f"the mood is {mood.state}, so {emotion} goes on"
        return f"the room {LOOKS[emotion]}"


def _ending(playback: Playback) -> bool:
    return playback.remaining_s is not None and playback.remaining_s <= APPEND_BEFORE_S
