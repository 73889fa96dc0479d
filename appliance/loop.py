"""The loop: one step is one frame on its way from the camera to the loudspeaker.

    camera → faces → emotion → mood → policy → player
                                  └→ store ←┘

Read `Loop.step` first. Every device arrives as one of the Protocols below; what fails is left alone
for a while and tried again (`recovery.py`), and the rest goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from appliance.decide.phrases import describe
from appliance.decide.recovery import Recovery
from appliance.errors import PlayerError, StoreError
from appliance.protocols import Devices
from appliance.records import Adjustment, Frame, Mood, Play, Playback, Step

log = logging.getLogger("jukebox")

# Ctrl-C and the watchdog are looked after at least this often, even if the camera gives nothing.
LONGEST_WAIT_S = 0.5

ADJUSTED = {
    "pause": "the music fades out",
    "resume": "the music goes on",
    "volume": "the volume is changed",
}


class Loop:
    """Runs the devices, one frame at a time."""

    def __init__(self, devices: Devices) -> None:
        self.devices = devices
        self._player = Recovery("player", PlayerError)
        self._store = Recovery("history", StoreError)
        self._mood = Mood("nobody", None, 0.0, 0, 0.0)
        self._time_s: float | None = None

    def run(self, after_step: Callable[[Step], bool]) -> None:
        """Steps until after_step, called once a step, returns False."""
        while after_step(self.step(self.devices.camera.read(LONGEST_WAIT_S))):
            pass

    def step(self, frame: Frame) -> Step:
        """One frame's way: look, read the faces, settle the mood, decide, play, remember."""
        found = self.devices.faces.find(frame)
        scores = self.devices.classifier.classify(frame, found)
        mood = self.devices.mood.update(frame.time_s, scores, blind=frame.luma is None)
        changed = (mood.state, mood.emotion) != (self._mood.state, self._mood.emotion)
        if changed:
            sure = f", {mood.probability:.0%} sure" if mood.emotion else ""
            log.info("%s%s", describe(mood), sure)
        playback, play = self._play(frame, mood)
        self._remember(frame, mood, play, changed=changed)
        self._time_s, self._mood = frame.time_s, mood
        return Step(frame, scores, mood, playback, play)

    def _play(self, frame: Frame, mood: Mood) -> tuple[Playback | None, Play | None]:
        done = self._player.attempt(frame.time_s, lambda: self._look_and_act(frame, mood))
        return done or (None, None)

    def _look_and_act(self, frame: Frame, mood: Mood) -> tuple[Playback, Play | None]:
        time_s, player = frame.time_s, self.devices.player
        playback = player.playback(time_s)
        if playback.listener_action is not None:  # told once, whatever becomes of the rest
            self.devices.store.record_listener_action(frame.unix_s, playback.listener_action)
        decision = self.devices.policy.decide(time_s, frame.unix_s, mood, playback)
        if decision is None:
            return playback, None
        if isinstance(decision, Adjustment):
            if player.adjust(decision, time_s):
                log.info("%s: %s", ADJUSTED[decision.how], decision.reason)
            return playback, None
        play = player.carry_out(decision, time_s)
        if play is None:
            self.devices.policy.refused(time_s, decision)
        else:
            log.info("playing %s (%s): %s", play.title, play.emotion, play.reason)
        return playback, play

    def _remember(self, frame: Frame, mood: Mood, play: Play | None, *, changed: bool) -> None:
        store, unix_s = self.devices.store, frame.unix_s
        if self._time_s is not None:
            store.record_seconds(unix_s, self._mood, frame.time_s - self._time_s)
        if changed:
            store.record_mood(unix_s, mood)
        if play is not None:
            store.record_play(unix_s, play, mood)
        self._store.attempt(frame.time_s, lambda: store.write(unix_s))
