"""The jukebox as a process: devices from settings, the loop, signals, and the words for people."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from types import FrameType

from appliance import remote, status
from appliance.calibration import (
    LASTS_S,
    NONE,
    Calibrated,
    RestingFace,
    describe_factors,
)
from appliance.camera import Camera
from appliance.camera.shutter import Shutter
from appliance.database import database_file
from appliance.detectors import EVERYWHERE, BlazeFace, Haar
from appliance.emotion import EmotionClassifier
from appliance.errors import JukeboxError, PlayerError, StoreError
from appliance.faces import FaceDetector
from appliance.gender import GenderClassifier
from appliance.loop import Devices, Loop, Step
from appliance.mood import MoodFilter
from appliance.notify import Notifier
from appliance.panel import build_panel
from appliance.player import MpdPlayer
from appliance.policy import Policy
from appliance.precision import fastest
from appliance.records import EMOTIONS, Emotion, Factors, Play
from appliance.settings import CameraSettings, FaceSettings, Settings
from appliance.status import Status
from appliance.store import Store, read_calibration, read_history
from appliance.tracker import FaceTracker

log = logging.getLogger("jukebox")

MODELS = Path(__file__).resolve().parent.parent / "models"
DAY_S = 86_400.0
PRUNE_AFTER_S = 60.0  # reading through a year takes a slow card a while: first the music


def build_faces(settings: FaceSettings, looks: int = 3, *, follow: bool = True) -> FaceDetector:
    """The face detector that the settings name. looks: see BlazeFace. Raises ModelError.

    follow: between two searches by the tracker; else the detector looks after faces in every frame.
    """
    detector = Haar() if settings.detector == "haar" else BlazeFace(looks=looks)
    # In int8 it is 3 µs faster, which nobody will notice.
    moving = follow and looks < EVERYWHERE
    tracker = FaceTracker(MODELS / "tracker_float32.tflite") if moving else None
    return FaceDetector(
        detector,
        tracker,
        min_score=settings.min_score,
        min_height_px=settings.min_height_px,
        search_every_s=settings.search_every_s,
    )


def build_classifier(settings: Settings, *, still: bool = False) -> EmotionClassifier:
    """The emotion network that the settings name. Raises ModelError.

    still: for pictures, each of which gets two looks at once; the frames of a camera get one each.
    """
    if still or settings.emotion.model:
        return EmotionClassifier(emotion_model(settings), in_turn=not still)
    single = MODELS / f"emotion_{_precision(settings)}_single.tflite"
    return EmotionClassifier(single, in_turn=True)


def emotion_model(settings: Settings) -> Path:
    """The file of that network, with both looks in it."""
    own = settings.emotion.model
    return Path(own) if own else MODELS / f"emotion_{_precision(settings)}.tflite"


def build_gender(settings: Settings) -> GenderClassifier:
    """The gender network, in the precision of the other. Raises ModelError."""
    return GenderClassifier(MODELS / f"gender_{_precision(settings)}.tflite")


def _precision(settings: Settings) -> str:
    """int8 or float32: as set, or the faster one here, which the state folder remembers."""
    if settings.emotion.precision != "auto":
        return settings.emotion.precision
    files = {kind: MODELS / f"emotion_{kind}_single.tflite" for kind in ("int8", "float32")}
    memory = database_file(settings.store, os.environ).with_name("precision.json")
    return fastest(files, memory)


def build_camera(settings: CameraSettings) -> Camera:
    """The camera that the settings name, not yet opened."""
    return Camera(
        settings.source,
        width_px=settings.width_px,
        height_px=settings.height_px,
        frames_per_second=settings.frames_per_second,
        rotate_degrees=settings.rotate_degrees,
    )


def build_shutter(settings: CameraSettings, asked: bool | None = None) -> Shutter:
    """The camera with its lid, as the running box has it. asked: see Shutter."""
    return Shutter(lambda: build_camera(settings), settings.off_hours, asked=asked)


def build_player(
    settings: Settings, memory: Path | None = None, *, starting: bool = False
) -> MpdPlayer:
    """The player that the settings name; it connects when it is first asked.

    From the history it knows the songs that it put on last: after a restart of the box MPD may
    still play one, and that is no choice of the listener's. memory: see MpdPlayer. starting: the
    box begins, softly and with a chime.
    """
    return MpdPlayer(
        address=settings.mpd.address,
        port=settings.mpd.port,
        password=settings.mpd.password,
        playlists={emotion: settings.playlists.of(emotion) for emotion in EMOTIONS},
        crossfade_s=settings.music.crossfade_s,
        put_on=_last_plays(settings),
        start_percent=settings.volume.start if starting else 100,
        max_percent=settings.volume.max,
        chime=settings.music.chime if starting else "",
        memory=memory,
        random=Random(),  # noqa: S311 - which song comes next is no secret
    )


def _last_plays(settings: Settings) -> list[Play]:
    """The song that was put on last and, as it may only be waiting, the one before."""
    try:
        entries = read_history(database_file(settings.store, os.environ), 0.0, limit=20)
    except StoreError:
        return []  # no history yet, or none that can be read: write() says so
    plays = [
        Play(each.title or "", each.uri, Emotion(each.emotion), each.source or "", "")
        for each in entries
        if each.uri and each.emotion
    ]
    return plays[-2:]


def _calibration(database: Path) -> Factors:
    """How the owner's resting face is corrected."""
    try:
        return read_calibration(database) or NONE
    except StoreError:
        return NONE  # write() says why the history cannot be read


class Service:
    """Runs until SIGTERM, SIGINT or for_s seconds.

    SIGHUP reads the settings anew with load; without load, as when a terminal closes, it ends too.

    Raises BusyError if another jukebox uses the database, and ModelError, CameraError or
    StoreError if it cannot begin.
    """

    def __init__(
        self,
        settings: Settings,
        load: Callable[[], Settings] | None = None,
        for_s: float | None = None,
    ) -> None:
        self._settings = settings
        self._load = load
        self._for_s = for_s
        self._notifier = Notifier()
        self._stop = self._reload = False
        self._began_s: float | None = None
        self._prune_s = float("-inf")
        self._status: Status | None = None
        self._step: Step | None = None  # the last one
        self._reason = ""  # why the last song was put on
        self._resting_face: RestingFace | None = None  # being watched

    def run(self) -> None:
        """Build everything, run the loop, and leave everything tidy."""
        with ExitStack() as at_end, self._signals():
            self._store = Store(self._settings.store)
            at_end.callback(self._store.close)
            self._build(self._settings)
            at_end.callback(self._close_devices)
            self._camera.open()
            self._notifier.ready()
            at_end.callback(self._notifier.stopping)
            Loop(self._devices).run(self._after_step)
            log.info("stopping")

    def _build(self, settings: Settings) -> None:
        self._camera = build_shutter(settings.camera)
        self._player = build_player(settings, self._player_memory(), starting=True)
        self._panel = build_panel(settings.gpio)
        self._mood = MoodFilter(settings.mood)
        self.policy = Policy(settings)
        self._calibrated = Calibrated(build_classifier(settings), _calibration(self._store.path))
        self._devices = Devices(
            camera=self._camera,
            faces=build_faces(settings.faces),
            classifier=self._calibrated,
            mood=self._mood,
            policy=self.policy,
            player=self._player,
            store=self._store,
        )

    def _player_memory(self) -> Path:
        """The file in which the player keeps what must outlive the process."""
        return self._store.path.with_suffix(".player.json")

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
        self._watch_resting_face(step)
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
        except JukeboxError as error:
            log.warning("history: old entries stay for another day: %s", error)

    def status(self) -> Status:
        """How things are."""
        assert self._step is not None  # noqa: S101 - asked for only after a step
        camera = "lost" if self._camera.lost else self._camera.description
        return Status.of(self._step, camera, self.policy, self._reason)

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
        self._resting_face = RestingFace(time_s)
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
            with suppress(PlayerError):
                self._player.answer(describe_factors(factors))

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
        faces = devices.faces if new.faces == old.faces else build_faces(new.faces)
        read = self._calibrated.uncorrected if new.emotion == old.emotion else build_classifier(new)
        if new.camera != old.camera:
            camera = build_shutter(new.camera, self._camera.asked)
            camera.choose()
            self._camera.close()
            devices.camera = self._camera = camera.open()
        heard = new.mpd, new.playlists, new.music, new.volume
        if heard != (old.mpd, old.playlists, old.music, old.volume):
            self._player.close()
            devices.player = self._player = build_player(new, self._player_memory())
        if new.gpio != old.gpio:
            self._panel.close()
            self._panel = build_panel(new.gpio)
        if new.store != old.store:
            log.warning("reload: [store] takes effect at the next start")
        devices.faces, self._calibrated.uncorrected = faces, read
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
