"""The jukebox as a process: devices from settings, the loop, signals, and the words for people."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

from appliance.build import (
    build_classifier,
    build_faces,
    build_panel,
    build_player,
    build_scheduled_camera,
    kept_calibration,
)
from appliance.camera.pacing import FrameRatePolicy, PacedCamera
from appliance.decide.mood import HmmMoodFilter
from appliance.decide.policy import MusicPolicy
from appliance.errors import JukeboxError, PlayerError
from appliance.history.diary import read_yesterday
from appliance.history.state import StateFile, player_file, state_file
from appliance.history.store import SqliteStore
from appliance.loop import Loop
from appliance.player.state import PlayerState
from appliance.protocols import Devices
from appliance.records import Factors, Step
from appliance.remote import messages as remote
from appliance.remote import status
from appliance.remote.notify import NOTICE, Notifier
from appliance.remote.status import Status
from appliance.settings import Settings
from appliance.vision.calibration import (
    LASTS_S,
    NONE,
    Calibrated,
    RestingFace,
    describe_factors,
)

log = logging.getLogger("jukebox")

DAY_S = 86_400.0
TOLD_EVERY_S = 0.5
PRUNE_AFTER_S = 60.0  # reading through a year takes a slow card a while: first the music


class Service:
    """Runs until SIGTERM, SIGINT or for_s seconds. reel_stands_in: see Camera.

    SIGHUP reads the settings anew with load; without load, as when a terminal closes, it ends too.

    Raises BusyError if another jukebox uses the database, and ModelError, CameraError or
    StoreError if it cannot begin.
    """

    def __init__(
        self,
        settings: Settings,
        load: Callable[[], Settings] | None = None,
        for_s: float | None = None,
        *,
        reel_stands_in: bool = False,
    ) -> None:
        self._settings = settings
        self._load = load
        self._for_s = for_s
        self._reel_stands_in = reel_stands_in
        self._notifier = Notifier()
        self._stop = self._reload = False
        self._began_s: float | None = None
        self._prune_s = self._tell_s = float("-inf")
        self._status: Status | None = None
        self._step: Step | None = None  # the last one
        self._reason = ""  # why the last song was put on
        self._resting_face: RestingFace | None = None  # being watched

    def run(self) -> None:
        """Build everything, run the loop, and leave everything tidy."""
        with ExitStack() as at_end, self._signals():
            self._store = SqliteStore(self._settings.store)
            at_end.callback(self._store.close)
            self._build(self._settings)
            at_end.callback(self._close_devices)
            self._camera.open()
            self._notifier.ready()
            at_end.callback(self._notifier.stopping)
            Loop(self._devices).run(self._after_step)
            log.info("stopping")

    def _build(self, settings: Settings) -> None:
        self._state = state_file(self._store.path)
        self._player_state = StateFile(player_file(self._store.path), PlayerState())
        self._camera = build_scheduled_camera(settings, reel_stands_in=self._reel_stands_in)
        kept = self._state.kept
        if kept.camera_off and kept.off_hours == self._camera.scheduled:
            self._camera.asked = True  # "on" is not kept: it fails safe
        self._player = build_player(settings, self._player_state, starting=True, silent=kept.asleep)
        self._panel = build_panel(settings)
        network = build_classifier(settings)
        self._calibrated = Calibrated(network, kept_calibration(self._store.path))
        self._mood = HmmMoodFilter(settings.mood, network.priors)
        faded = self._player_state.kept.paused is not None
        self.policy = MusicPolicy(settings, asleep=kept.asleep, silent=faded)
        self._frame_rate = FrameRatePolicy(settings.camera.frames_per_second)
        self._paced = PacedCamera(self._camera, self._frame_rate)
        self._devices = Devices(
            camera=self._paced,
            faces=build_faces(settings),
            classifier=self._calibrated,
            mood=self._mood,
            policy=self.policy,
            player=self._player,
            store=self._store,
        )

    def _close_devices(self) -> None:
        self._camera.close()
        self._player.close()
        self._panel.close()

    def _after_step(self, step: Step) -> bool:
        """What is due besides the music. Returns whether to go on."""
        time_s = step.frame.time_s
        if self._began_s is None:
            self._began_s = time_s
            self._prune_s = time_s + PRUNE_AFTER_S
        if step.frame.luma is not None or self._camera.lost or self._camera.off:
            self._notifier.alive()
        self._step, self._reason = step, step.play.reason if step.play else self._reason
        self._frame_rate.note(step)
        self._watch_resting_face(step)
        if time_s >= self._tell_s:
            self._tell_s = time_s + TOLD_EVERY_S
            self._keep()
            self._tell()
        self._use_panel(step)
        if step.playback is not None:
            self._answer_messages(step)
        if time_s >= self._prune_s:
            self._prune_s = time_s + DAY_S
            self._prune(step.frame.unix_s)
        if self._reload and self._load:
            self._reload = False
            self._read_settings_anew(self._load)
        return not (self._stop or (self._for_s and time_s - self._began_s >= self._for_s))

    def _prune(self, unix_s: float) -> None:
        try:
            self._store.prune(unix_s)
            if yesterday := read_yesterday(self._store.path, unix_s):
                log.log(NOTICE, "yesterday: %s", yesterday)
        except JukeboxError as error:
            log.warning("history: old entries stay for another day: %s", error)

    def status(self) -> Status:
        """How things are."""
        assert self._step is not None  # noqa: S101 - asked for only after a step
        camera = "lost" if self._camera.lost else self._camera.description
        return Status.of(
            self._step,
            camera=camera,
            policy=self.policy,
            reason=self._reason,
            frames_per_second=self._frame_rate.frames_per_second,
            frame_rate_reason=self._frame_rate.reason,
        )

    def _keep(self) -> None:
        """What people asked for that must outlive this process."""
        self._state.keep(
            asleep=self.policy.asleep,
            camera_off=self._camera.asked is True,
            off_hours=self._camera.scheduled,
        )

    def _tell(self) -> None:
        """Says how things are to `systemctl status` and `jukebox status`, when that has changed."""
        now = self.status()
        if now != self._status:
            self._status = now
            self._notifier.status(now.sentence())
            status.write(now, self._store.path)

    def _use_panel(self, step: Step) -> None:
        """What people see of it and ask of it without a screen."""
        time_s, lost = step.frame.time_s, self._camera.lost or step.playback is None
        if self._panel.pressed():
            if self.policy.holds(time_s):
                self.policy.resume()
                log.info("button: resumed")
            else:
                minutes = self._settings.listener.override_minutes
                self.policy.hold(time_s, minutes)
                log.info("button: what plays is held for %g minutes", minutes)
        if self._camera.off:
            self._panel.show("off")
        elif lost:
            self._panel.show("trouble")
        else:
            self._panel.show("hold" if self.policy.holds(time_s) else "on")

    # What people ask for over MPD

    def _answer_messages(self, step: Step) -> None:
        try:
            for message in self._player.messages():
                log.info("asked for: %s", message[:80])
                self._player.answer(remote.answer(message, step, self))
        except PlayerError as error:
            log.debug("no answer: %s", error)  # the next step says that the player is lost

    def camera_off(self, off: bool) -> None:
        """Close or open the camera."""
        self._camera.asked = off

    def calibrate(self, time_s: float) -> str:
        """Begin to watch a resting face; what to tell."""
        self._resting_face = RestingFace(time_s, self._mood.priors)
        return f"look at the camera with a face at rest for {LASTS_S:.0f} seconds"

    def forget_calibration(self) -> str:
        """Undo it; what to tell."""
        self._calibrate_by(NONE)
        return "faces are read as they are"

    def _watch_resting_face(self, step: Step) -> None:
        watched = self._resting_face
        if watched is None:
            return
        watched.watch(self._calibrated.last)
        if watched.is_over(step.frame.time_s):
            self._resting_face = None
            factors = watched.factors()
            if factors is not None:
                self._calibrate_by(factors)
            log.info("%s", text := describe_factors(factors))
            with suppress(PlayerError):
                self._player.answer(text)

    def _calibrate_by(self, factors: Factors) -> None:
        self._calibrated.factors = factors
        assert self._step is not None  # noqa: S101 - as above
        self._store.record_calibration(
            self._step.frame.unix_s, None if factors == NONE else factors
        )

    def _read_settings_anew(self, load: Callable[[], Settings]) -> None:
        """Takes over what has changed, keeping the mood; a bad file changes nothing."""
        self._notifier.reloading()
        try:
            settings = load()
            self._rebuild(settings)
        except JukeboxError as error:
            log.warning("reload: %s; the running settings stay in force", error)
        else:
            self._settings = settings
            log.info("reload: done")
        self._notifier.ready()

    def _rebuild(self, new: Settings) -> None:
        """Replaces the devices whose settings differ. Raises before the first one is replaced."""
        old, devices = self._settings, self._devices
        faces = build_faces(new) if build_faces.is_outdated(old, new) else devices.faces
        network = build_classifier(new) if build_classifier.is_outdated(old, new) else None
        if build_scheduled_camera.is_outdated(old, new):
            camera = build_scheduled_camera(
                new, self._camera.asked, reel_stands_in=self._reel_stands_in
            )
            camera.choose()
            self._camera.close()
            self._paced.camera = self._camera = camera.open()
            self._frame_rate.most = new.camera.frames_per_second
        if build_player.is_outdated(old, new):
            self._player.close()
            devices.player = self._player = build_player(new, self._player_state)
        if build_panel.is_outdated(old, new):
            self._panel.close()
            self._panel = build_panel(new)
        if new.store != old.store:
            log.warning("reload: [store] takes effect at the next start")
        devices.faces = faces
        if network is not None:
            self._calibrated.uncorrected, self._mood.priors = network, network.priors
        self._mood.settings, self.policy.settings = new.mood, new

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the loop after the step under way, SIGHUP reloads."""

        def note(number: int, _frame: FrameType | None) -> None:
            reload = number == signal.SIGHUP and self._load is not None
            self._reload |= reload
            self._stop |= not reload

        numbers = signal.SIGTERM, signal.SIGINT, signal.SIGHUP
        before = [signal.signal(number, note) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
