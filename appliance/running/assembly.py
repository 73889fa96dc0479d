"""The running jukebox's devices: built at the start, replaced when their settings change."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from appliance.build import (
    build_classifier,
    build_faces,
    build_panel,
    build_player,
    build_scheduled_camera,
    emotion_model,
    kept_calibration,
    kept_people,
)
from appliance.camera.pacing import FrameRatePolicy, PacedCamera
from appliance.decide.mood import HmmMoodFilter
from appliance.decide.policy import MusicPolicy
from appliance.history.state import StateFile, player_file, state_file
from appliance.history.store import SqliteStore
from appliance.player.mixer import with_known_mixer
from appliance.player.state import PlayerState, kept_charge
from appliance.protocols import Devices
from appliance.records import Frame
from appliance.running.calibrator import Calibrator
from appliance.running.teacher import Teacher
from appliance.settings import Settings
from appliance.vision.calibration import Calibrated
from appliance.vision.pictures import PictureAware
from appliance.vision.taught import Taught

log = logging.getLogger("jukebox")


class Assembly:
    """All devices, as the settings want them and as people left them; the camera is not yet open.

    devices: those that a frame meets on its way; the others (panel, frame_rate, calibrator,
    teacher) stand beside it. Raises ModelError.
    """

    def __init__(
        self, settings: Settings, store: SqliteStore, *, reel_stands_in: bool = False
    ) -> None:
        self._settings = settings = with_known_mixer(settings, os.environ)
        self._store = store
        self._reel_stands_in = reel_stands_in
        self._kept_wants: object = None  # what of the policy's is in the file
        self._state = state_file(store.path)
        self._player_state = StateFile(player_file(store.path), PlayerState())
        self.policy = self._restored_policy()
        self.camera = build_scheduled_camera(settings, reel_stands_in=reel_stands_in)
        self._restore_camera()
        self.player = build_player(
            settings, self._player_state, skips=store, starting=True, silent=self.policy.asleep
        )
        self.panel = build_panel(settings)
        network = build_classifier(settings)
        self._pictures = PictureAware(network)
        self._calibrated = Calibrated(self._pictures, kept_calibration(store.path))
        self._mood = HmmMoodFilter(settings.mood, network.priors)
        self.calibrator = Calibrator(self._calibrated, self._mood, store)
        self._taught = Taught(self._calibrated, None, network.priors, kept_people(store.path))
        self.teacher = Teacher(self._taught, store, network)
        self.frame_rate = FrameRatePolicy(settings.camera.frames_per_second)
        self._paced = PacedCamera(self.camera, self.frame_rate)
        self.devices = Devices(
            camera=self._paced,
            faces=build_faces(settings),
            classifier=self._taught,
            mood=self._mood,
            policy=self.policy,
            player=self.player,
            store=store,
        )

    @property
    def emotion_model(self) -> Path:
        """The file of the network that reads the faces."""
        return emotion_model(self._settings)

    def wait_by(self, wait: Callable[[float], object]) -> None:
        """Lets the loop wait for the next frame's time by this, which may return earlier."""
        self._paced.sleep = wait

    def close(self) -> None:
        """Closes what holds a device or a connection; the store stays open."""
        self.camera.close()
        self.player.close()
        self.panel.close()

    def keep_requests(self, frame: Frame) -> bool:
        """Keeps what people asked for and what must outlive this process, if that has changed.

        Returns whether it is kept; not while its disk cannot be written.
        """
        policy = self.policy
        wanted = (policy.listener, policy.asked, policy.asleep, policy.sleep_at_s)
        if wanted != self._kept_wants:
            self._kept_wants = wanted
            self._state.keep(**asdict(policy.wishes(frame.time_s, frame.unix_s)))
        requests = {"camera_off": self.camera.asked is True, "off_hours": self.camera.scheduled}
        # First: the newer of the two files counts at the next start.
        self._player_state.keep_for_earlier_versions(asleep=policy.asleep, **requests)
        self._state.keep(**requests)
        return self._state.saved

    def rebuild(self, new: Settings) -> None:
        """Replaces the devices whose sections of the settings differ.

        Raises ModelError or CameraError before the first device is replaced.
        """
        old, new = self._settings, with_known_mixer(new, os.environ)
        faces = build_faces(new) if build_faces.is_outdated(old, new) else self.devices.faces
        network = build_classifier(new) if build_classifier.is_outdated(old, new) else None
        if build_scheduled_camera.is_outdated(old, new):
            self._replace_camera(new)
        if build_player.is_outdated(old, new):
            self.player.close()
            self.devices.player = self.player = build_player(
                new, self._player_state, skips=self._store
            )
        if build_panel.is_outdated(old, new):
            self.panel.close()
            self.panel = build_panel(new)
        for section in ("store", "control"):
            if getattr(new, section) != getattr(old, section):
                log.warning("reload: [%s] takes effect at the next start", section)
        self.devices.faces = faces
        if network is not None:
            self._pictures.classifier, self._mood.priors = network, network.priors
            self.teacher.use(network)
        self._mood.settings, self.policy.settings, self._settings = new.mood, new, new

    def _restored_policy(self) -> MusicPolicy:
        """The policy with what people wanted before the restart."""
        player = self._player_state.kept
        policy = MusicPolicy(self._settings)
        policy.restore(
            self._state.kept,
            kept_charge(player),
            time.monotonic(),
            time.time(),
            silent=player.paused is not None,
        )
        return policy

    def _restore_camera(self) -> None:
        kept = self._state.kept
        if kept.camera_off and kept.off_hours == self.camera.scheduled:
            self.camera.asked = True  # "on" is not kept: after a restart the hours decide

    def _replace_camera(self, new: Settings) -> None:
        camera = build_scheduled_camera(new, self.camera.asked, reel_stands_in=self._reel_stands_in)
        camera.choose()
        self.camera.close()
        self._paced.camera = self.camera = camera.open()
        self.frame_rate.most = new.camera.frames_per_second
