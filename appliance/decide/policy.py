"""Mood, what is playing, and who touched the player last → a decision, or none."""

from __future__ import annotations

import logging

from appliance.decide.phrases import DONE, PHRASES
from appliance.decide.strategies import music_for
from appliance.hours import within
from appliance.records import (
    EMOTIONS,
    Adjustment,
    Decision,
    Emotion,
    How,
    ListenerAction,
    Mood,
    Playback,
)
from appliance.settings import Settings, Strategy

log = logging.getLogger("jukebox")

# The next song is added this long before the current one ends: late enough that the mood is
# today's, early enough for MPD to open it without a gap.
APPEND_BEFORE_S = 8.0
# A playlist that could not be played is asked again after this long; owners add music meanwhile.
REFUSED_FOR_S = 60.0
FADE_ENDS_S = 2.0  # at the latest so long after its time
MIXER_ROUNDS = 4  # percent, by which a volume may come out otherwise than it was set
NEVER = float("inf")


class MusicPolicy:
    """Out of song: look up the mood, pick from its playlist. Or change at once, if so set.

    People come first: after any doing of theirs nothing is changed for a while, only kept going.
    A mood that is not settled never changes the music: what plays goes on. settings may be
    replaced at any time. asleep: the sleep timer ran out, and nobody asked for music since;
    silent: and the music had faded out.
    """

    def __init__(self, settings: Settings, *, asleep: bool = False, silent: bool = False) -> None:
        self.settings = settings
        self.asked: Emotion | None = None  # the mood that somebody asked for, until "auto"
        self.sleep_at_s = NEVER
        self.asleep = asleep
        self._awake_if_played_s = -NEVER if silent else NEVER  # from when on nothing fades any more
        self._hold_asked_until_s = -NEVER
        self._acted_until_s = -NEVER  # it holds back so long because of what a person did
        self._last_action: ListenerAction | None = None  # the last one, while it holds back
        self._wanted: Emotion | None = None  # of the last settled mood
        self._wanted_since_s = 0.0
        self._played: Emotion | None = None  # whose music the box put on last
        self._refused_until_s: dict[Emotion, float] = {}
        self._resume_asked = False
        self._theirs = False  # a person's own songs play
        self._invited = False  # somebody asked for the box's music in place of their own
        self._volume_chosen = False  # by somebody, in these quiet hours

    # What people ask for

    def hold(self, time_s: float, minutes: float) -> None:
        """Change nothing for so long; the music is kept going."""
        self._hold_asked_until_s = time_s + 60.0 * minutes

    def resume(self) -> None:
        """Hold back no longer, and play: also what is paused or was stopped, and all night."""
        self.sleep_at_s = NEVER
        self._begin_anew()

    def ask_for(self, emotion: Emotion | None) -> None:
        """Play for this mood whatever the faces say; None: for the faces again."""
        self.asked = emotion
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._hold_asked_until_s = self._acted_until_s = -NEVER
        self.asleep, self._resume_asked, self._invited = False, True, True

    def sleep(self, time_s: float, minutes: float) -> None:
        """Fade out after so long, and stay silent until somebody asks for music."""
        self.sleep_at_s = time_s + 60.0 * minutes

    @property
    def hold_until_s(self) -> float:
        """Until when it holds back; in the past: it does not."""
        return max(self._hold_asked_until_s, self._acted_until_s)

    def holds(self, time_s: float) -> bool:
        """Whether it holds back now."""
        return time_s < self.hold_until_s

    # What to do

    def decide(
        self, time_s: float, unix_s: float, mood: Mood, playback: Playback
    ) -> Decision | Adjustment | None:
        """What to do now. unix_s: for the hours of the day. None: leave everything as it is."""
        self._notice(time_s, playback)
        if mood.emotion is not None and mood.emotion is not self._wanted:
            self._wanted, self._wanted_since_s = mood.emotion, time_s
        elif mood.state == "nobody":
            self._wanted_since_s = time_s  # who comes back begins where they are
        return (
            self._rest(time_s, mood, playback)
            or self._volume(time_s, unix_s, playback)
            or self._song(time_s, mood, playback)
        )

    def refused(self, time_s: float, decision: Decision) -> None:
        """Its playlist gave nothing to play: use others for a while, so that the music goes on."""
        self._refused_until_s[decision.emotion] = time_s + REFUSED_FOR_S

    def _notice(self, time_s: float, playback: Playback) -> None:
        """What people did since the last time."""
        if playback.emotion is not None:
            self._played, self._invited = playback.emotion, False
        if playback.listener_action is not None:
            minutes = self.settings.listener.override_minutes
            if not self.holds(time_s) or playback.listener_action != self._last_action:
                log.info(
                    "%s%s",
                    DONE[playback.listener_action],
                    _how_long(playback.listener_action, minutes),
                )
            self._last_action, self._acted_until_s = (
                playback.listener_action,
                time_s + 60.0 * minutes,
            )
            self._resume_asked = self._invited = False
            if playback.state == "play" or playback.listener_action in ("play", "skip", "seek"):
                self.asleep = False  # turning the volume wakes nobody up
            self._refused_until_s.clear()  # the player may only have left it to the person
        ran_out = self._theirs and playback.state == "stop" and not playback.listener
        self._theirs = playback.listener and playback.state == "play"
        if ran_out:
            self._acted_until_s = -NEVER

    def _rest(self, time_s: float, mood: Mood, playback: Playback) -> Adjustment | None:
        """Pause when it is bedtime or nobody is here; go on when somebody is back or asks."""
        if playback.state == "pause" and self._resume_asked:
            return Adjustment("resume", "somebody asked for it")
        self._resume_asked = False
        self._fall_asleep(time_s, playback)
        if self.asleep and playback.state == "play":
            return Adjustment("pause", "time to sleep")
        if playback.resting and not self.asleep and mood.state != "nobody" and mood.faces > 0:
            return Adjustment("resume", "somebody is back")
        away_s = 60.0 * self.settings.listener.away_minutes
        gone = mood.state == "nobody" and 0 < away_s <= time_s - mood.since_s
        mine = playback.state == "play" and not playback.listener
        if gone and mine and not self.holds(time_s):
            return Adjustment("pause", "nobody is here")
        return None

    def _fall_asleep(self, time_s: float, playback: Playback) -> None:
        """When the timer runs out; and wake up with music that a person has started."""
        if time_s >= self.sleep_at_s:
            self.sleep_at_s, self.asleep, self._awake_if_played_s = NEVER, True, NEVER
        if playback.state != "play":
            # A fade is told as a pause; one that breaks off must not pass for somebody's start.
            faded_s = time_s + self.settings.music.crossfade_s + FADE_ENDS_S
            self._awake_if_played_s = min(self._awake_if_played_s, faded_s)
        elif time_s >= self._awake_if_played_s:
            self.asleep = False  # started in a moment when nobody looked, or a touch would tell

    def _volume(self, time_s: float, unix_s: float, playback: Playback) -> Adjustment | None:
        """Lower it in the quiet hours, and as it was afterwards."""
        rules, now, before = self.settings.volume, playback.volume_percent, playback.volume_before
        quiet = within(rules.quiet_hours, unix_s)
        self._volume_chosen = quiet and (
            self._volume_chosen or playback.listener_action == "volume"
        )
        if now is None or self._volume_chosen or self.holds(time_s):
            return None
        lowered = before is not None and abs(now - rules.quiet_max) <= MIXER_ROUNDS
        if quiet:
            if now > rules.quiet_max and not lowered:
                # What was not heard yet may be too loud to begin with in the morning, too.
                heard = self._played is not None or playback.state == "play"
                loud = now if heard else min(now, rules.start)
                return Adjustment("volume", "quiet hours", rules.quiet_max, loud)
        elif before is not None and lowered:
            return Adjustment("volume", "the quiet hours are over", min(before, rules.max))
        return None

    def _song(self, time_s: float, mood: Mood, playback: Playback) -> Decision | None:
        wanted = self._music(time_s, mood)
        theirs = playback.listener and not (self._invited and playback.state != "pause")
        if wanted is None or theirs or playback.resting or self.asleep:
            return None
        emotion = self._playable(time_s, wanted, playback.emotion)
        if emotion is None:
            return None
        how = self._how(time_s, mood, playback, emotion)
        if how is None:
            return None
        return Decision(emotion, how, self._why(time_s, emotion, wanted, mood))

    def _music(self, time_s: float, mood: Mood) -> Emotion | None:
        """Whose playlist it should be; None before anything is known."""
        if self.asked is not None:
            return self.asked
        if self._wanted is None:
            return self._played
        if (mood.emotion is None or self.holds(time_s)) and self._played is not None:
            return self._played  # kept going, not changed
        iso_s = 60.0 * self.settings.music.iso_minutes
        progress = min(1.0, (time_s - self._wanted_since_s) / iso_s)
        target = Emotion(self.settings.music.target)
        return music_for(self._wanted, self._strategy(self._wanted), target, progress)

    def _strategy(self, emotion: Emotion) -> Strategy:
        return self.settings.strategies.of(emotion) or self.settings.music.strategy

    def _how(self, time_s: float, mood: Mood, playback: Playback, emotion: Emotion) -> How | None:
        if playback.state == "stop":
            return "switch"
        # A mood is kept for a while after its owner has left, but for whom should it change then?
        known = self.asked is not None or (mood.emotion is not None and mood.faces > 0)
        other = known and emotion is not playback.emotion and not self.holds(time_s)
        if other or playback.listener:
            change = self.settings.music.change
            # A stream has no end to wait for, and neither has who asked: for a mood, or for the
            # box's music in place of their own.
            if change == "now" or playback.remaining_s is None:
                return "switch"
            if change == "crossfade" or self.asked is not None or playback.listener:
                return "fade"
        return "append" if playback.queued_after == 0 and _ending(playback) else None

    def _playable(self, time_s: float, wanted: Emotion, playing: Emotion | None) -> Emotion | None:
        """The wanted emotion, or the nearest thing to it whose playlist has not just failed."""
        for emotion in (wanted, playing, Emotion.NEUTRAL, *EMOTIONS):
            if emotion is not None and self._refused_until_s.get(emotion, time_s) <= time_s:
                return emotion
        return None

    def _why(self, time_s: float, emotion: Emotion, wanted: Emotion, mood: Mood) -> str:
        if emotion is not wanted:
            return f"there is no music for {wanted}"
        if self.asked is not None:
            return f"somebody asked for {emotion}"
        if self.holds(time_s) and emotion is self._played:
            return f"nothing is to change for a while, so {emotion} goes on"
        if mood.emotion is None:
            return f"the mood is {mood.state}, so {emotion} goes on"
        strategy = self._strategy(mood.emotion)
        return f"the room {PHRASES[mood.emotion]}" + (
            f"; {strategy}" if strategy != "match" else ""
        )


def _how_long(touch: ListenerAction, minutes: float) -> str:
    if touch in ("pause", "stop"):
        return "; it stays so until somebody presses play"
    return f"; nothing else is changed for {minutes:g} minutes" if minutes else ""


def _ending(playback: Playback) -> bool:
    return playback.remaining_s is not None and playback.remaining_s <= APPEND_BEFORE_S
