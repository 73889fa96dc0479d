"""The loop: one step takes one frame from the camera to the loudspeaker.

    camera ─Frame─► faces ─Face─► classifier ─EmotionScores─► mood ─Mood─► policy ─Decision─► player
                                                               │                                │
                                                               └───────► store ◄──────Play──────┘

Read `Loop.step` first: it is the picture above, line by line. `protocols.py` says what each of the
seven devices must do; `records.py` holds what passes between them. `build.py` makes the real
devices from the settings; tests and the rehearsal bring others. A player or a store that fails is
left alone for a while and tried again (`decide/recovery.py`), and the other devices go on. A camera
reopens itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from appliance.decide.phrases import describe
from appliance.decide.recovery import Recovery
from appliance.errors import PlayerError, SongsAwaitedError, StoreError
from appliance.protocols import Devices
from appliance.records import Adjustment, Decision, Frame, Mood, Playback, Step

log = logging.getLogger("jukebox")

# A step takes no longer than this, even if the camera gives nothing: between two steps the service
# answers signals, messages and the watchdog.
LONGEST_WAIT_S = 0.5

ADJUSTED = {
    "pause": "the music fades out",
    "resume": "the music goes on",
    "volume": "the volume is changed",
}


class Loop:
    """Runs the devices, one frame at a time. Any of them may be replaced between two steps."""

    def __init__(self, devices: Devices) -> None:
        self.devices = devices
        self._player = Recovery("player", PlayerError)
        self._store = Recovery("history", StoreError)
        self._mood = Mood("nobody", None, 0.0, 0, 0.0)  # after the last frame
        self._time_s: float | None = None  # of the last frame

    def run(self, after_step: Callable[[Step], bool]) -> None:
        """Takes one step after another until after_step, which gets each of them, returns False."""
        while after_step(self.step(self.devices.camera.read(LONGEST_WAIT_S))):
            pass

    def step(self, frame: Frame) -> Step:
        """What one frame led to: find faces, classify them, update the mood, play, record."""
        faces = self.devices.faces.find(frame)
        scores = self.devices.classifier.classify(frame, faces)
        mood = self.devices.mood.update(frame.time_s, scores, blind=frame.luma is None)
        changed = (mood.state, mood.emotion) != (self._mood.state, self._mood.emotion)
        if changed:
            sure = f", {mood.probability:.0%} sure" if mood.emotion else ""
            log.info("%s%s", describe(mood), sure)
        playback = self._play(frame, mood)
        self._record(frame, mood, changed=changed)
        self._time_s, self._mood = frame.time_s, mood
        began = playback.began if playback else None
        return Step(frame, scores, mood, playback, began, recorded=not self._store.lost)

    def _play(self, frame: Frame, mood: Mood) -> Playback | None:
        """What plays; None while the player cannot be reached."""
        return self._player.attempt(
            frame.time_s,
            lambda: self._decide_and_act(frame, mood),
            self.devices.player.may_be_back,
        )

    def _decide_and_act(self, frame: Frame, mood: Mood) -> Playback:
        playback = self.devices.player.playback(frame.time_s)
        # Both are told only once, so they are recorded before all else.
        if playback.listener_action is not None:
            self.devices.store.record_listener_action(frame.unix_s, playback.listener_action)
        if (play := playback.began) is not None:
            log.info("playing %s (%s): %s", play.title, play.emotion, play.reason)
            self.devices.store.record_play(frame.unix_s, play, mood)
        decision = self.devices.policy.decide(frame.time_s, frame.unix_s, mood, playback)
        if isinstance(decision, Adjustment):
            self._adjust(decision, frame.time_s)
        elif decision is not None:
            self._carry_out(decision, frame.time_s)
        return playback

    def _adjust(self, adjustment: Adjustment, time_s: float) -> None:
        if self.devices.player.adjust(adjustment, time_s):
            log.info("%s: %s", ADJUSTED[adjustment.how], adjustment.reason)

    def _carry_out(self, decision: Decision, time_s: float) -> None:
        """Lets a song be put on, of which nobody knows yet whether it can be heard."""
        try:
            play = self.devices.player.carry_out(decision, time_s)
        except SongsAwaitedError:
            return  # the next frame decides anew
        if play is None:
            self.devices.policy.refused(time_s, decision)
        elif decision.how == "offer":
            log.info("offering %s (%s): %s", play.title, play.emotion, play.reason)

    def _record(self, frame: Frame, mood: Mood, *, changed: bool) -> None:
        """Hands everything to the store, which keeps what it cannot write yet."""
        store, unix_s = self.devices.store, frame.unix_s
        if self._time_s is not None:
            store.record_seconds(unix_s, self._mood, frame.time_s - self._time_s)
        if changed:
            store.record_mood(unix_s, mood)
        self._store.attempt(frame.time_s, lambda: store.write(unix_s))
