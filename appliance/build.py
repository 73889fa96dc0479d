"""Settings → devices: each builder names the sections of jukebox.toml that it reads."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Generic, ParamSpec, TypeVar

from appliance.camera.reopening import ReopeningCamera
from appliance.camera.schedule import ScheduledCamera
from appliance.errors import StoreError
from appliance.history.files import database_file
from appliance.history.queries import read_calibration, read_history, read_people
from appliance.player.mixer import outputs_with_volume
from appliance.player.mpd_player import MpdPlayer
from appliance.player.skip_copies import SkipArchive
from appliance.player.state import PlayerStateFile
from appliance.records import EMOTIONS, Emotion, Factors, Play, TaughtFace
from appliance.remote.panel import Panel, make_panel
from appliance.settings import Settings
from appliance.vision.calibration import NONE
from appliance.vision.cards import MODELS
from appliance.vision.detectors import EVERYWHERE, BlazeFace, Detector, Haar
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.faces import FollowingFaceDetector
from appliance.vision.gender import GenderClassifier
from appliance.vision.precision import fastest
from appliance.vision.tracker import FaceTracker

LAST_PLAYS = 50

Options = ParamSpec("Options")
Device = TypeVar("Device")


class Builder(Generic[Options, Device]):
    """Makes a device from settings.

    sections: those that the device depends on. [store] is never among them: a device may read where
    the history lies, but a change of that takes effect at the next start.
    """

    def __init__(self, make: Callable[Options, Device], sections: tuple[str, ...]) -> None:
        self._make = make
        self.sections = sections
        self.__doc__ = make.__doc__

    def __call__(self, *args: Options.args, **kwargs: Options.kwargs) -> Device:
        """The device; see the docstring of the function that makes it."""
        return self._make(*args, **kwargs)

    def is_outdated(self, old: Settings, new: Settings) -> bool:
        """Whether the new settings differ from the old ones in a section that this device needs."""
        return any(getattr(old, section) != getattr(new, section) for section in self.sections)


def depends_on(
    *sections: str,
) -> Callable[[Callable[Options, Device]], Builder[Options, Device]]:
    """Turns a function into a Builder of these sections."""
    return lambda make: Builder(make, sections)


@depends_on("faces", "emotion")
def build_faces(
    settings: Settings, squares_per_search: int = 3, *, follow: bool = True
) -> FollowingFaceDetector:
    """The face detector that the settings name. Raises ModelError.

    squares_per_search: see BlazeFace; EVERYWHERE for a photo. follow: whether a tracker follows
    faces between two searches; else the detector searches for them in every frame.
    """
    rules = settings.faces
    is_photo = (
        squares_per_search >= EVERYWHERE
    )  # a single picture, before which nothing was followed
    if rules.detector == "haar":
        detector: Detector = Haar()
    elif is_photo:
        detector = BlazeFace(squares_per_search=squares_per_search)
    else:
        detector = BlazeFace(squares_per_search=squares_per_search, closer=_precision(settings))
    # The int8 tracker is 3 µs faster, which nobody will notice.
    tracker = FaceTracker(MODELS / "tracker_float32.tflite") if follow and not is_photo else None
    return FollowingFaceDetector(
        detector,
        tracker,
        min_score=rules.min_score,
        min_height_px=rules.min_height_px,
        search_every_s=rules.search_every_s,
    )


@depends_on("faces")
def build_thorough_detector(settings: Settings) -> Detector:
    """A detector that searches all of a picture at once. Raises ModelError."""
    haar = settings.faces.detector == "haar"
    return Haar() if haar else BlazeFace(squares_per_search=EVERYWHERE)


@depends_on("emotion")
def build_classifier(settings: Settings, *, still: bool = False) -> EmotionClassifier:
    """The emotion network that the settings name. Raises ModelError.

    still: whether it reads single pictures, each in six views at once; a camera's frames get one
    view each.
    """
    if still or settings.emotion.model:
        return EmotionClassifier(emotion_model(settings), in_turn=not still)
    single = MODELS / f"emotion_{_precision(settings)}_single.tflite"
    return EmotionClassifier(single, in_turn=True)


def emotion_model(settings: Settings) -> Path:
    """The file of the emotion network that reads all six views at once."""
    own = settings.emotion.model
    return Path(own) if own else MODELS / f"emotion_{_precision(settings)}.tflite"


@depends_on("emotion")
def build_gender(settings: Settings) -> GenderClassifier:
    """The gender network, in the precision of the emotion network. Raises ModelError."""
    return GenderClassifier(MODELS / f"gender_{_precision(settings)}.tflite")


def _precision(settings: Settings) -> str:
    """int8 or float32: as set, or the faster one here, which the state folder keeps."""
    if settings.emotion.precision != "auto":
        return settings.emotion.precision
    files = {kind: MODELS / f"emotion_{kind}_single.tflite" for kind in ("int8", "float32")}
    kept = database_file(settings.store, os.environ).with_name("precision.json")
    return fastest(files, kept)


@depends_on("camera")
def build_camera(settings: Settings, *, reel_stands_in: bool = False) -> ReopeningCamera:
    """The camera that the settings name, not yet open. reel_stands_in: see ReopeningCamera."""
    return ReopeningCamera(
        settings.camera.source,
        width_px=settings.camera.width_px,
        height_px=settings.camera.height_px,
        frames_per_second=settings.camera.frames_per_second,
        rotate_degrees=settings.camera.rotate_degrees,
        reel_stands_in=reel_stands_in,
    )


@depends_on("camera")
def build_scheduled_camera(
    settings: Settings, asked: bool | None = None, *, reel_stands_in: bool = False
) -> ScheduledCamera:
    """The camera with its off hours, for the running jukebox. asked: see ScheduledCamera."""
    return ScheduledCamera(
        build_camera(settings, reel_stands_in=reel_stands_in),
        settings.camera.off_hours,
        asked=asked,
    )


@depends_on("mpd", "playlists", "music", "volume")
def build_player(
    settings: Settings,
    state: PlayerStateFile | None = None,
    *,
    skips: SkipArchive | None = None,
    starting: bool = False,
    silent: bool = False,
) -> MpdPlayer:
    """The player that the settings name; it connects when it is first asked.

    state, skips: see MpdPlayer. Where the state keeps nothing yet, the history tells which songs
    the jukebox put on last: MPD may still play one, and that is not the listener's choice.
    starting: whether the jukebox starts, softly and, unless silent, with a chime.
    """
    return MpdPlayer(
        address=settings.mpd.address,
        port=settings.mpd.port,
        password=settings.mpd.password,
        playlists={emotion: settings.playlists.of(emotion) for emotion in EMOTIONS},
        crossfade_s=settings.music.crossfade_s,
        put_on=last_plays(settings),
        start_percent=settings.volume.start if starting else 100,
        max_percent=settings.volume.max,
        by_ear=settings.volume.mixer == "software",
        outputs_with_volume=outputs_with_volume(settings, os.environ),
        chime=settings.music.chime if starting and not silent else "",
        state=state,
        skips=skips,
        random=Random(),  # noqa: S311 - which song comes next is no secret
    )


def last_plays(settings: Settings) -> list[Play]:
    """The songs that were put on last, oldest first."""
    file = database_file(settings.store, os.environ)
    try:
        plays = read_history(file, 0.0, limit=LAST_PLAYS, what="play")
    except StoreError:
        return []  # no history yet, or one that cannot be read, which write() reports
    return [
        Play(
            play.title or "", play.uri, Emotion(play.emotion), play.source or "", play.reason or ""
        )
        for play in plays
        if play.uri and play.emotion
    ]


@depends_on("gpio")
def build_panel(settings: Settings) -> Panel:
    """The light and the button that the settings name, if any."""
    return make_panel(settings.gpio)


def kept_calibration(database: Path) -> Factors:
    """The factors of the last calibration, or NONE. database: the file of the history."""
    try:
        return read_calibration(database) or NONE
    except StoreError:
        return NONE  # write() reports why the history cannot be read


def kept_people(database: Path) -> list[TaughtFace]:
    """What was taught of people's faces. database: the file of the history."""
    try:
        return read_people(database)
    except StoreError:
        return []  # write() reports why the history cannot be read
