"""Settings → devices: everything that a frame meets on its way, as the owner wants it."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

from appliance.camera.reopening import Camera
from appliance.camera.schedule import Shutter
from appliance.errors import StoreError
from appliance.history.database import database_file
from appliance.history.queries import read_calibration, read_history
from appliance.history.state import Memory
from appliance.player.mpd_player import MpdPlayer
from appliance.records import EMOTIONS, Emotion, Factors, Play
from appliance.settings import CameraSettings, Settings
from appliance.vision.calibration import NONE
from appliance.vision.detectors import EVERYWHERE, BlazeFace, Detector, Haar
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.faces import FaceDetector
from appliance.vision.gender import GenderClassifier
from appliance.vision.precision import fastest
from appliance.vision.tracker import FaceTracker

MODELS = Path(__file__).resolve().parent.parent / "models"


def build_faces(settings: Settings, looks: int = 3, *, follow: bool = True) -> FaceDetector:
    """The face detector that the settings name. looks: see BlazeFace. Raises ModelError.

    follow: between two searches by the tracker; else the detector looks after faces in every frame.
    """
    rules = settings.faces
    if rules.detector == "haar":
        detector: Detector = Haar()
    elif looks >= EVERYWHERE:  # at a photo, where nothing was followed
        detector = BlazeFace(looks=looks)
    else:
        detector = BlazeFace(looks=looks, closer=_precision(settings))
    # In int8 it is 3 µs faster, which nobody will notice.
    moving = follow and looks < EVERYWHERE
    tracker = FaceTracker(MODELS / "tracker_float32.tflite") if moving else None
    return FaceDetector(
        detector,
        tracker,
        min_score=rules.min_score,
        min_height_px=rules.min_height_px,
        search_every_s=rules.search_every_s,
    )


def build_classifier(settings: Settings, *, still: bool = False) -> EmotionClassifier:
    """The emotion network that the settings name. Raises ModelError.

    still: for pictures, each of which gets six looks at once; the frames of a camera get one each.
    """
    if still or settings.emotion.model:
        return EmotionClassifier(emotion_model(settings), in_turn=not still)
    single = MODELS / f"emotion_{_precision(settings)}_single.tflite"
    return EmotionClassifier(single, in_turn=True)


def emotion_model(settings: Settings) -> Path:
    """The file of that network, with all its looks in it."""
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


def build_camera(settings: CameraSettings, *, reel_stands_in: bool = False) -> Camera:
    """The camera that the settings name, not yet opened. reel_stands_in: see Camera."""
    return Camera(
        settings.source,
        width_px=settings.width_px,
        height_px=settings.height_px,
        frames_per_second=settings.frames_per_second,
        rotate_degrees=settings.rotate_degrees,
        reel_stands_in=reel_stands_in,
    )


def build_shutter(
    settings: CameraSettings, asked: bool | None = None, *, reel_stands_in: bool = False
) -> Shutter:
    """The camera with its lid, as the running box has it. asked: see Shutter."""
    return Shutter(
        build_camera(settings, reel_stands_in=reel_stands_in),
        settings.off_hours,
        asked=asked,
    )


def build_player(
    settings: Settings, memory: Memory | None = None, *, starting: bool = False
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
        plays = read_history(database_file(settings.store, os.environ), 0.0, limit=2, what="play")
    except StoreError:
        return []  # no history yet, or none that can be read: write() says so
    return [
        Play(each.title or "", each.uri, Emotion(each.emotion), each.source or "", "")
        for each in plays
        if each.uri and each.emotion
    ]


def kept_calibration(database: Path) -> Factors:
    """How the owner's resting face is corrected."""
    try:
        return read_calibration(database) or NONE
    except StoreError:
        return NONE  # write() says why the history cannot be read
