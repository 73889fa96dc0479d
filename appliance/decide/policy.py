"""The mood, what is playing and what people did to the player → a decision, or none."""

from __future__ import annotations

import logging

from appliance.decide.cleared_queue import OFFER_AFTER_S, ClearedQueue
from appliance.decide.house_mood import HouseMood
from appliance.decide.house_sound import HouseSound
from appliance.decide.phrases import LISTENER_ACTIONS, PHRASES, counted
from appliance.decide.quiet_hours import QuietHours
from appliance.decide.strategies import music_for
from appliance.decide.told import BrokerState, Told
from appliance.listener import NEVER, Charge, Listener, ListenerAction
from appliance.records import (
    EMOTIONS,
    Adjustment,
    Decision,
    Emotion,
    How,
    Mood,
    Playback,
)
from appliance.settings import Settings, Strategy
from appliance.wishes import Wishes

log = logging.getLogger("jukebox")

# The next song is added this long before the current one ends: late enough that it fits the mood of
# now, early enough for MPD to open it without a gap.
APPEND_BEFORE_S = 8.0
# A playlist that could not be played is tried again after so long, and each time after twice as
# long: a radio is back soon, and owners add music meanwhile.
REFUSED_FOR_S, REFUSED_AT_MOST_S = 5.0, 60.0
# The log tells of what somebody does over and over, perhaps with three apps, only so often.
TELL_AGAIN_S = 60.0
# A fade is over at the latest this long after its time.
FADE_ENDS_S = 2.0


class MusicPolicy:
    """When the song is over, the next one comes from the mood's playlist; or at once, if so set.

    People come first: after anything that they do to the player, automatic changes are paused for
    a while, and the music is only kept going. A mood that is not settled never changes the music.

    settings may be replaced at any time. listener: who is in charge of the music; asked: the mood
    that somebody asked for, until "auto"; house: how the house looks, which counts instead of this
    room while somebody tells it; house_sound: whether the leader's music plays here; broker: how
    it stands with the house's broker, to be shown; sleep_at_s: when the sleep timer ends the music;
    asleep: it did, and nobody has asked for music since.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.listener = Listener()
        self.asked: Emotion | None = None
        self.house = HouseMood()
        self.house_sound = HouseSound()
        self.broker: Told[BrokerState] = Told()
        self.sleep_at_s = NEVER
        self.asleep = False
        # From when on playing music means that a person started it, because every fade is over.
        self._awake_if_played_s = NEVER
        self._last_wish_s = -NEVER  # when a person last asked for something or used the player
        self._wanted: Emotion | None = None  # of the last settled mood
        self._wanted_since_s = 0.0
        self._played: Emotion | None = None  # from whose playlist the last song was put on
        self._refused_until_s: dict[Emotion, float] = {}
        self._refused_for_s: dict[Emotion, float] = {}  # the last time, until music of it plays
        self._told_s: dict[ListenerAction, float] = {}  # when the log told of it last
        self._resume_asked = False
        self._invited = False  # somebody asked for the jukebox's music in place of their own
        self._cleared_queue = ClearedQueue()
        self._quiet_hours = QuietHours()

    # What people ask for

    def restore(
        self, wishes: Wishes, charge: Charge, time_s: float, unix_s: float, *, silent: bool
    ) -> None:
        """Takes over what people wanted before a restart; time_s and unix_s are of now.

        charge: whose doing it was that music played, or not. silent: the sleep timer had faded the
        music out completely.
        """
        self.listener = wishes.listener(charge, time_s, unix_s)
        self.asked = Emotion(wishes.asked_mood) if wishes.asked_mood in set(EMOTIONS) else None
        sleep_in_s = wishes.left_s(wishes.sleep_at, unix_s)
        self.sleep_at_s = time_s + (sleep_in_s or NEVER)
        self.asleep = wishes.asleep or (wishes.sleep_at > 0 and sleep_in_s == 0)
        self._awake_if_played_s = -NEVER if silent and self.asleep else NEVER
        self._cleared_queue = ClearedQueue(known=charge == "cleared" and self.holds(time_s))

    def wishes(self, time_s: float, unix_s: float) -> Wishes:
        """What people want, to be restored after a restart; time_s and unix_s are of now."""
        return Wishes.of(
            self.listener,
            asked_mood=self.asked or "",
            asleep=self.asleep,
            sleep_at_s=self.sleep_at_s,
            time_s=time_s,
            unix_s=unix_s,
        )

    def hold(self, time_s: float, minutes: float) -> None:
        """Pauses automatic changes for so many minutes; the music is kept going."""
        self._last_wish_s = time_s
        self.listener = self.listener.asked(time_s + 60.0 * minutes)

    def resume(self) -> None:
        """Ends the pause of automatic changes and plays on, even what a person paused or stopped.

        The sleep timer is switched off.
        """
        self.sleep_at_s = NEVER
        self._begin_anew()

    def ask_for(self, emotion: Emotion | None) -> None:
        """Plays for this mood, whatever the faces show; None: follows the faces again."""
        self.asked = emotion
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.listener = self.listener.released()
        self.asleep, self._resume_asked, self._invited = False, True, True

    def sleep(self, time_s: float, minutes: float) -> None:
        """Lets the music fade out after so many minutes, until somebody asks for music."""
        self._last_wish_s, self.sleep_at_s = time_s, time_s + 60.0 * minutes

    @property
    def hold_until_s(self) -> float:
        """Until when automatic changes are paused; a time in the past: they are not."""
        return self.listener.hold_until_s

    def holds(self, time_s: float) -> bool:
        """Whether automatic changes are paused now."""
        return self.listener.holds(time_s)

    # What to do

    def decide(
        self, time_s: float, unix_s: float, mood: Mood, playback: Playback
    ) -> Decision | Adjustment | None:
        """What to do now; None leaves everything as it is. unix_s: for the quiet hours."""
        own, mood = mood, self.house.instead_of(mood, time_s)
        rooms, sounds = self.settings.rooms, self.house.sounds(time_s)
        # In step, the leader mutes each empty room (home/sound.py), and the queue plays on.
        here = own if rooms.follow and not sounds else mood
        self._notice(time_s, playback)
        self._notice_clearing(time_s, mood, playback)
        if playback.refusal:
            return None
        if mood.emotion is not None and mood.emotion is not self._wanted:
            self._wanted, self._wanted_since_s = mood.emotion, time_s
        elif mood.state == "nobody":
            self._wanted_since_s = time_s  # "iso" begins anew with people who come back
        if sounds and rooms.sound and not rooms.leader:
            self._fall_asleep(time_s, playback)
            fade_s = self.settings.music.crossfade_s
            return self.house_sound.join(playback, fade_s, asleep=self.asleep)
        return (
            self.house_sound.leave(playback, deserted=self._is_deserted(time_s, here))
            or self._rest(time_s, here, playback)
            or self._volume(time_s, unix_s, playback)
            or self._song(time_s, mood, playback)
            or self._offer(time_s, playback)
        )

    def refused(self, time_s: float, decision: Decision) -> None:
        """Uses other playlists for a while, because this one gave nothing to play."""
        last_s = self._refused_for_s.get(decision.emotion, REFUSED_FOR_S / 2)
        for_s = min(2 * last_s, REFUSED_AT_MOST_S)
        self._refused_for_s[decision.emotion] = for_s
        self._refused_until_s[decision.emotion] = time_s + for_s

    def _notice(self, time_s: float, playback: Playback) -> None:
        """Takes in what plays and what people have done since the last frame."""
        if playback.emotion is not None:
            self._played, self._invited = playback.emotion, False
            self._refused_for_s.pop(playback.emotion, None)
        if self._resume_asked:
            self._last_wish_s = time_s
        silent = playback.state == "stop"
        self.listener = self.listener.shown(playback.charge, time_s, silent=silent)
        if playback.listener_action is not None:
            self._step_aside(time_s, playback.listener_action, playing=playback.state == "play")

    def _step_aside(self, time_s: float, action: ListenerAction, *, playing: bool) -> None:
        """Pauses automatic changes after something that a person did."""
        minutes = self.settings.listener.override_minutes
        told_s = time_s - self._told_s.get(action, -NEVER)
        if not self.holds(time_s) or (action != self.listener.action and told_s >= TELL_AGAIN_S):
            log.info("%s%s", LISTENER_ACTIONS[action], _how_long(action, minutes))
            self._told_s[action] = time_s
        self.listener = self.listener.acted(action, time_s + 60.0 * minutes)
        self._last_wish_s = time_s
        self._resume_asked = self._invited = False
        if playing or action in ("play", "skip", "seek"):
            self.asleep = False  # to change the volume wakes nobody up
        self._refused_until_s.clear()
        self._refused_for_s.clear()  # the player may have refused only because of the person

    def _notice_clearing(self, time_s: float, mood: Mood, playback: Playback) -> None:
        """Pauses automatic changes after a person has cleared the queue, also across a restart."""
        if self._cleared_queue.notice(time_s, mood, playback):
            hold_s = max(OFFER_AFTER_S, 60.0 * self.settings.listener.override_minutes)
            until_s = max(self.listener.acted_until_s, time_s + hold_s)
            self.listener = self.listener.acted("queue", until_s)

    def _rest(self, time_s: float, mood: Mood, playback: Playback) -> Adjustment | None:
        """Pauses at bedtime or if nobody is here; resumes when somebody is back or asks."""
        if playback.state == "pause" and self._resume_asked:
            return Adjustment("resume", "somebody asked for it")
        self._resume_asked = False
        self._fall_asleep(time_s, playback)
        if self.asleep and playback.state == "play":
            return Adjustment("pause", "time to sleep")
        if playback.resting and not self.asleep and mood.state != "nobody" and mood.faces > 0:
            return Adjustment("resume", "somebody is back")
        ours = playback.state == "play" and not playback.listener
        if ours and self._is_deserted(time_s, mood) and not self.holds(time_s):
            return Adjustment("pause", "nobody is here")
        return None

    def _is_deserted(self, time_s: float, mood: Mood) -> bool:
        """Whether for away_minutes nobody was seen and nobody asked for anything."""
        away_s = 60.0 * self.settings.listener.away_minutes
        absent_s = time_s - max(mood.since_s, self._last_wish_s)
        is_empty = mood.state == "nobody" and mood.faces == 0
        return is_empty and 0 < away_s <= absent_s

    def _fall_asleep(self, time_s: float, playback: Playback) -> None:
        """Falls asleep when the timer runs out; wakes up with music that a person has started."""
        if time_s >= self.sleep_at_s:
            self.sleep_at_s, self.asleep, self._awake_if_played_s = NEVER, True, NEVER
        if playback.state != "play":
            # The player reports a fade as a pause. One that breaks off and plays again must not be
            # taken for a person who starts the music.
            faded_s = time_s + self.settings.music.crossfade_s + FADE_ENDS_S
            self._awake_if_played_s = min(self._awake_if_played_s, faded_s)
        elif time_s >= self._awake_if_played_s:
            self.asleep = False  # started while the player could not be asked, so without an action

    def _volume(self, time_s: float, unix_s: float, playback: Playback) -> Adjustment | None:
        return self._quiet_hours.adjustment(
            self.settings.volume,
            unix_s,
            playback,
            held=self.holds(time_s),
            heard=self._played is not None or playback.state == "play",
        )

    def _song(self, time_s: float, mood: Mood, playback: Playback) -> Decision | None:
        """The song to put on now, if any."""
        wanted = self._music(time_s, mood)
        invited = self._invited and playback.state != "pause"
        in_charge = playback.listener and not (invited or self._begins_again(time_s, mood))
        if wanted is None or in_charge or playback.resting or self.asleep:
            return None
        emotion = self._playable(time_s, wanted, playback.emotion)
        if emotion is None:
            return None
        how = self._how(time_s, mood, playback, emotion)
        if how is None:
            return None
        return Decision(emotion, how, self._why(time_s, emotion, wanted, mood))

    def _begins_again(self, time_s: float, mood: Mood) -> bool:
        """Whether the time is over for which a cleared queue stays silent."""
        always = self.settings.listener.away_minutes == 0
        held = self.holds(time_s)
        return self._cleared_queue.may_begin(mood, held=held, plays_for_nobody=always)

    def _offer(self, time_s: float, playback: Playback) -> Decision | None:
        """A song for the queue that a person has left empty, so that "play" gives music again."""
        if not self._cleared_queue.needs_song(time_s):
            return None
        present = None if self._wanted is None else self._music_for(self._wanted, time_s)
        wanted = self.asked or present or self._played or Emotion.NEUTRAL
        emotion = self._playable(time_s, wanted, playback.emotion)
        if emotion is None:
            return None
        return Decision(emotion, "offer", "the queue was cleared, and an app needs a song to play")

    def _music(self, time_s: float, mood: Mood) -> Emotion | None:
        """The emotion whose playlist should play; None before anything is known."""
        if self.asked is not None:
            return self.asked
        if self._wanted is None:
            return self._played
        if (mood.emotion is None or self.holds(time_s)) and self._played is not None:
            return self._played  # the music is kept going, not changed
        return self._music_for(self._wanted, time_s)

    def _music_for(self, settled: Emotion, time_s: float) -> Emotion:
        """The emotion whose playlist the strategy chooses for the last settled mood."""
        iso_s = 60.0 * self.settings.music.iso_minutes
        progress = min(1.0, (time_s - self._wanted_since_s) / iso_s)
        target = Emotion(self.settings.music.target)
        return music_for(settled, self._strategy(settled), target, progress)

    def _strategy(self, emotion: Emotion) -> Strategy:
        return self.settings.strategies.of(emotion) or self.settings.music.strategy

    def _how(self, time_s: float, mood: Mood, playback: Playback, emotion: Emotion) -> How | None:
        """How to put on music for this emotion now; None: not yet."""
        if playback.state == "stop":
            return "switch"
        # A mood lasts for a while after everybody has left, but then the music changes for nobody.
        known = self.asked is not None or (mood.emotion is not None and mood.faces > 0)
        other = known and emotion is not playback.emotion and not self.holds(time_s)
        if other or playback.listener:
            change = self.settings.music.change
            # A stream has no end to wait for. A person who asked, for a mood or for the jukebox's
            # music in place of their own, does not wait for the end either.
            is_stream = playback.remaining_s is None and not playback.has_end
            if change == "now" or is_stream:
                return "switch"
            if change == "crossfade" or self.asked is not None or playback.listener:
                return "fade"
        return "append" if playback.queued_after == 0 and _ending(playback) else None

    def _playable(self, time_s: float, wanted: Emotion, playing: Emotion | None) -> Emotion | None:
        """The wanted emotion, or else one whose playlist has not just failed; None: all have."""
        for emotion in (wanted, playing, Emotion.NEUTRAL, *EMOTIONS):
            if emotion is not None and self._refused_until_s.get(emotion, time_s) <= time_s:
                return emotion
        return None

    def _why(self, time_s: float, emotion: Emotion, wanted: Emotion, mood: Mood) -> str:
        """The reason for a song, in words for people."""
        if emotion is not wanted:
            return f"there is no music for {wanted}"
        if self.asked is not None:
            return f"somebody asked for {emotion}"
        if self.holds(time_s) and emotion is self._played:
            return f"automatic changes are paused, so {emotion} goes on"
        if mood.emotion is None:
            return f"the mood is {mood.state}, so {emotion} goes on"
        strategy = self._strategy(mood.emotion)
        who = "the house" if self.house.is_led(time_s) else "the room"
        return f"{who} {PHRASES[mood.emotion]}" + (f"; {strategy}" if strategy != "match" else "")


def _how_long(action: ListenerAction, minutes: float) -> str:
    if action in ("pause", "stop"):
        return "; it stays so until somebody presses play"
    return f"; nothing else is changed for {counted(minutes, 'minute')}" if minutes else ""


def _ending(playback: Playback) -> bool:
    return playback.remaining_s is not None and playback.remaining_s <= APPEND_BEFORE_S
