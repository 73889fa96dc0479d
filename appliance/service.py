"""The jukebox as a process: read `Service.run`, then `Service._after_step`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress

from appliance.build import last_plays
from appliance.decide.policy import MusicPolicy
from appliance.errors import ControlError, JukeboxError, PlayerError
from appliance.history.diary import read_yesterday
from appliance.history.files import END_OF_TIME_S
from appliance.history.store import SqliteStore
from appliance.loop import Loop
from appliance.process.log import NOTICE
from appliance.process.notify import Notifier
from appliance.process.signals import Signals
from appliance.records import CameraAdvice, Emotion, FaceWeights, Frame, Step
from appliance.remote import channel
from appliance.remote.control import ControlServer
from appliance.remote.control_history import HistoryReader
from appliance.remote.control_socket import listen
from appliance.remote.panel import use_panel
from appliance.remote.status import Status, StatusReporter
from appliance.running.assembly import Assembly
from appliance.running.code_scanner import CodeScanner
from appliance.running.explaining import FaceExplainer
from appliance.running.teacher import OWNER
from appliance.running.viewer import CameraViewer
from appliance.settings import Settings
from appliance.vision.calibration import RESULT, TOO_FEW

log = logging.getLogger("jukebox")

DAY_S = 86_400.0
REPORT_EVERY_S = 0.5
PRUNE_AFTER_S = 60.0  # reading through a year takes a slow SD card a while: the music comes first


class Service:
    """Runs until SIGTERM, SIGINT or for_s seconds. reel_stands_in: see ReopeningCamera.

    SIGHUP reads the settings again with load. Without load it ends the service, too, and so it does
    in_terminal, where it means that the terminal is gone.
    """

    def __init__(
        self,
        settings: Settings,
        load: Callable[[], Settings] | None = None,
        for_s: float | None = None,
        *,
        reel_stands_in: bool = False,
        in_terminal: bool = False,
    ) -> None:
        self._settings = settings
        self._load = load
        self._for_s = for_s
        self._reel_stands_in = reel_stands_in
        self._notifier = Notifier()
        self._signals = Signals(can_reload=load is not None and not in_terminal)
        self._began_s: float | None = None  # the time of the first step
        self._report_due = _Every(REPORT_EVERY_S)
        self._prune_due = _Every(DAY_S, first_after_s=PRUNE_AFTER_S)
        self._step: Step | None = None  # the last one
        self._reason = ""  # why the last song was put on
        self._kept_reasons: dict[str, str] = {}  # by title, of songs from before a restart
        self._control = ControlServer()
        self._scanner = CodeScanner()
        self._viewer = CameraViewer()
        self._message_log = channel.MessageLog()
        self._explainer = FaceExplainer()

    def run(self) -> None:
        """Builds everything, runs the loop, and leaves everything tidy.

        Raises BusyError if another jukebox uses the database, and ModelError, CameraError or
        StoreError if the service cannot begin.
        """
        with ExitStack() as at_end, self._signals:
            self._store = SqliteStore(self._settings.store)
            at_end.callback(self._store.close)
            self._kept_reasons = {play.title: play.reason for play in last_plays(self._settings)}
            self._reporter = StatusReporter(self._notifier, self._store.path)
            self._parts = Assembly(self._settings, self._store, reel_stands_in=self._reel_stands_in)
            at_end.callback(self._parts.close)
            at_end.callback(self._scanner.close)
            at_end.callback(self._viewer.close)
            at_end.callback(self._explainer.close)
            self._parts.camera.open()
            self._control = self._open_control()
            at_end.callback(self._control.close)
            # In a calm room frames are few, and who presses a button must not wait for one.
            self._parts.wait_by(self._control.wait)
            self._notifier.ready()
            at_end.callback(self._notifier.stopping)
            Loop(self._parts.devices).run(self._after_step)
            log.info("stopping")

    def _after_step(self, step: Step) -> bool:
        """Does what is due besides the music. Returns whether to go on."""
        self._remember(step)
        self._feed_watchdog(step)
        self._parts.frame_rate.note(step)
        self._watch_resting_face(step)
        self._teach(step.frame)
        self._scanner.note(step.frame)
        self._viewer.note(step.frame)
        if self._report_due.at(step.frame.time_s):
            self.keep_requests()
            self._report_status()
        self._use_panel(step)
        self._answer_messages(step)
        self._serve_programs(step)
        if self._prune_due.at(step.frame.time_s):
            self._prune(step.frame)
        if self._signals.take_reload():
            self._reload()
        return not self._is_over(step.frame)

    def _remember(self, step: Step) -> None:
        self._step = step
        if self._began_s is None:
            self._began_s = step.frame.time_s
        if step.play is not None:
            self._reason = step.play.reason
        elif not self._reason and step.playback is not None and step.playback.emotion is not None:
            self._reason = self._kept_reasons.get(step.playback.title, "")

    def _is_over(self, frame: Frame) -> bool:
        time_is_up = (
            self._for_s
            and self._began_s is not None
            and frame.time_s - self._began_s >= self._for_s
        )
        return self._signals.stop or bool(time_is_up)

    def _feed_watchdog(self, step: Step) -> None:
        """Only a loop that sees pictures, or knows why there are none, is alive."""
        camera = self._parts.camera
        if step.frame.luma is not None or camera.lost or camera.off:
            self._notifier.alive()

    def _report_status(self) -> None:
        status = self.status()
        self._reporter.report(status)
        self._control.tell_change(status)

    def _use_panel(self, step: Step) -> None:
        camera = self._parts.camera
        asks_to_pair = use_panel(
            self._parts.panel,
            self.policy,
            step.frame.time_s,
            camera_off=camera.off,
            in_trouble=camera.lost or step.playback is None,
        )
        if asks_to_pair:
            log.info("button: the page may pair one device within ten minutes")
            self._control.tell("pairing")

    def _prune(self, frame: Frame) -> None:
        try:
            self._store.prune(frame.unix_s)
            if yesterday := read_yesterday(self._store.path, frame.unix_s):
                log.log(NOTICE, "yesterday: %s", yesterday)
        except JukeboxError as error:
            log.warning("history: old entries stay for another day: %s", error)

    def _reload(self) -> None:
        """Takes over what has changed, and keeps the mood. Bad settings change nothing."""
        assert self._load is not None  # noqa: S101 - Signals notes no reload without it
        self._notifier.reloading()
        try:
            self._parts.rebuild(self._load())
        except JukeboxError as error:
            log.warning("reload: %s; the running settings stay in force", error)
            self._control.tell("settings", good=False, text=str(error))
        else:
            log.info("reload: done")
            self._control.tell("settings", good=True, text="the new settings are in force")
        self._notifier.ready()

    def _watch_resting_face(self, step: Step) -> None:
        result = self._parts.calibrator.note(step.frame)
        if result is not None:
            self._tell_calibration(result)

    def _teach(self, frame: Frame) -> None:
        """Goes on with a lesson, and tells what is asked for next."""
        for event in self._parts.teacher.note(frame):
            self._control.tell("teach", **event)
            if event["stage"] != "over":
                continue
            log.info("%s", event["text"])
            if event["rest"]:  # who calibrated waits for this
                if event["good"]:
                    self._parts.calibrator.forget(frame.unix_s)
                self._tell_calibration(RESULT + event["text"] if event["good"] else TOO_FEW)

    def _tell_calibration(self, result: str) -> None:
        log.info("%s", result)
        self._control.tell("calibration", good=result != TOO_FEW, text=result)
        if self.policy.settings.mpd.messages == "all":
            with suppress(PlayerError):
                self._parts.player.answer(result)

    def _answer_messages(self, step: Step) -> None:
        """Does what people ask for over MPD."""
        if step.playback is None:
            return
        player, level = self._parts.player, self.policy.settings.mpd.messages
        try:
            for message in player.messages():
                if self._message_log.tells(step.frame.time_s):
                    log.info("asked for: %s", message[:80])
                player.answer(channel.answer(level, message, step, self))
        except PlayerError as error:
            log.debug("no answer: %s", error)  # the next step says that the player is lost

    def _serve_programs(self, step: Step) -> None:
        """Does what programs ask for at the control socket, and tells them what people did."""
        if step.playback is not None and step.playback.listener_action is not None:
            self._control.tell("touch", action=step.playback.listener_action)
        self._control.serve(step, self)

    def _open_control(self) -> ControlServer:
        """The control socket. Without one, the music plays all the same."""
        try:
            listeners = listen(self._settings.control, self._store.path, os.environ)
        except ControlError as error:
            log.warning("control: %s", error)
            return ControlServer()
        return ControlServer(listeners, HistoryReader(self._store.path))

    # What people may control: controls.Controls

    @property
    def policy(self) -> MusicPolicy:
        """The rules in force."""
        return self._parts.policy

    def status(self) -> Status:
        """The status after the last step."""
        camera, frame_rate = self._parts.camera, self._parts.frame_rate
        return Status.of(
            self._last_step,
            camera="lost" if camera.lost else camera.description,
            policy=self.policy,
            reason=self._reason,
            frames_per_second=frame_rate.frames_per_second,
            frame_rate_reason=frame_rate.reason,
        )

    def camera_off(self, off: bool) -> None:
        """Closes or opens the camera."""
        self._parts.camera.asked = off

    def keep_requests(self) -> bool:
        """Keeps what people asked for beyond this process. Returns whether that is possible."""
        return self._parts.keep_requests(self._last_step.frame)

    def calibrate(self, time_s: float) -> str:
        """Begins to watch a resting face. Returns the answer. Raises ControlError."""
        if self._parts.teacher.can_teach:
            return self._parts.teacher.begin(OWNER, time_s, rest=True).removeprefix(f"{OWNER}: ")
        return self._parts.calibrator.begin(time_s)

    def forget_calibration(self) -> str:
        """Undoes the calibration. Returns the answer."""
        self._parts.teacher.forget_rest()
        return self._parts.calibrator.forget(self._last_step.frame.unix_s)

    def correct(self, told: Emotion) -> str:
        """Keeps that a person says that the room looks like this. Returns what is learned of it."""
        step = self._last_step
        self._store.record_correction(step.frame.unix_s, told, step.mood)
        return self._parts.teacher.looks(told, step.frame)

    def teach(self, name: str, time_s: float, *, rest: bool) -> str:
        """Begins a lesson. Returns the answer. Raises UsageError, ControlError."""
        self._refuse_without_camera()
        return self._parts.teacher.begin(name, time_s, rest=rest)

    def stop_teaching(self) -> str:
        """Ends the lesson. Returns the answer."""
        return self._parts.teacher.stop()

    def people(self) -> dict[str, dict[str, float]]:
        """How many examples of each emotion are known, by name."""
        return self._parts.teacher.people

    def forget_person(self, name: str) -> Future[int]:
        """Begins to forget a taught person. The result is how many emotions were known.

        Raises UsageError if nobody has this name.
        """
        return self._parts.teacher.forget(name)

    def forget(self, from_unix_s: float, to_unix_s: float) -> Future[int]:
        """Begins to delete this time from the history. The result is how many rows are gone."""
        if from_unix_s <= 0.0 and to_unix_s == END_OF_TIME_S:
            self._parts.teacher.forget_all()
        return self._store.forget(from_unix_s, to_unix_s)

    def reload(self) -> None:
        """Reads the settings again, after this step."""
        if self._load is None:
            raise ControlError("this jukebox reads its settings only when it starts")
        self._signals.ask_reload()

    def scan(self, time_s: float, seconds: float, kind: str) -> Future[str]:
        """Begins to look for a QR code: "page" or "wifi". The result is its word, or ""."""
        self._refuse_without_camera()
        return self._scanner.begin(time_s, seconds, kind)

    def view(self, time_s: float) -> Future[CameraAdvice]:
        """Begins to look whether the camera's picture is fit for reading faces."""
        self._refuse_without_camera()
        return self._viewer.begin(time_s, self.policy.settings)

    def explain(self, step: Step) -> Future[list[FaceWeights]]:
        """Begins to find out what speaks for how the faces of this step look."""
        return self._explainer.begin(step, self._parts.emotion_model)

    def _refuse_without_camera(self) -> None:
        if self._parts.camera.off or self._parts.camera.lost:
            raise ControlError("the camera is off, or it is not there")

    @property
    def _last_step(self) -> Step:
        assert self._step is not None  # noqa: S101 - nobody asks before the first step
        return self._step


class _Every:
    """Is due at intervals of time. first_after_s: how long after the first question."""

    def __init__(self, interval_s: float, first_after_s: float = 0.0) -> None:
        self._interval_s = interval_s
        self._first_after_s = first_after_s
        self._due_s: float | None = None

    def at(self, time_s: float) -> bool:
        """Whether it is due now; if so, it is not due again before the interval has passed."""
        if self._due_s is None:
            self._due_s = time_s + self._first_after_s
        if time_s < self._due_s:
            return False
        self._due_s = time_s + self._interval_s
        return True
