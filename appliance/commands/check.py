"""`jukebox check`: tests everything once; one line each, with what to do about a failure."""

from __future__ import annotations

import argparse
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from mpd import CommandError
from sqlite_utils import Database

from appliance.access import closed_folder
from appliance.build import (
    build_camera,
    build_classifier,
    build_faces,
    build_gender,
    build_player,
)
from appliance.camera.reopening import ReopeningCamera
from appliance.commands.shared import add_json, print_json, settings_of
from appliance.decide.phrases import counted
from appliance.errors import CameraError, JukeboxError, PlayerError, StoreError
from appliance.history.database import refuse_newer
from appliance.history.files import database_file, explained, missing, open_for_reading
from appliance.history.queries import read_history
from appliance.player.connection import Address, Connection
from appliance.player.gains import read_gains
from appliance.player.mpd_player import MpdPlayer
from appliance.player.sources import PlaylistError
from appliance.process import release
from appliance.records import EMOTIONS, Emotion, Frame, Picture
from appliance.remote.ask_status import ask_status, ask_view
from appliance.running.viewer import judged
from appliance.settings import Settings
from appliance.vision.interpreter import runtime_name
from appliance.vision.view import VIEW_EVERY_S, VIEWED_S
from appliance.web.places import page_link

# A camera may need this long to open and to find its exposure.
CAMERA_WAIT_S = 6.0


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds --json."""
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Prints a line for each test. Returns 1 if any fails."""
    results = []
    for result in checks(partial(settings_of, chosen)):
        results.append(result)
        if not chosen.json:
            print(f"{'ok  ' if result.good else 'FAIL'} {result.what}: {result.text}", flush=True)
    if chosen.json:
        print_json([asdict(result) for result in results])
    return 0 if all(result.good for result in results) else 1


@dataclass(frozen=True, slots=True)
class Check:
    """One test and its result. text: what was found, or what failed and what to do."""

    what: str
    good: bool
    text: str


def checks(load: Callable[[], Settings]) -> Iterator[Check]:
    """The results, as they come; only the first if the configuration is bad."""
    try:
        settings = load()
    except JukeboxError as error:
        yield Check("config", False, str(error))
        return
    yield Check("config", True, "no mistakes")
    pictures: list[Picture] = []
    tests: dict[str, Callable[[Settings], str]] = {
        "files": _files,
        "camera": partial(_camera, pictures),
        "face detector": _faces,
        "picture": partial(_picture, pictures),
        "emotion model": _emotion,
        "gender model": _gender,
        "database": _database,
        "page": _page,
        "MPD": _mpd,
    }
    if not settings.gender.enabled:
        del tests["gender model"]
    if not (release.HERE / "manifest").is_file():
        del tests["files"]  # a checkout, where people change files
    for what, test in tests.items():
        if what == "picture" and not pictures:
            yield from _picture_of_the_running(settings)  # the camera has failed, or is not free
            continue
        last = _checked(what, partial(test, settings))
        if what == "camera" and not last.good:
            last = _camera_of_the_running(settings) or last
        yield last
    if last.good:  # the last one is MPD, without which there is no music to test
        yield from _playlists(settings)


def _checked(what: str, test: Callable[[], str]) -> Check:
    try:
        return Check(what, True, test())
    except JukeboxError as error:
        return Check(what, False, str(error))


def _files(_settings: Settings) -> str:
    number = release.verify(release.HERE)
    return f"{counted(number, 'file')} of this version, all as they were installed"


def _camera(pictures: list[Picture], settings: Settings) -> str:
    """What the camera is. pictures: gets what it sees, and goes when the check is over."""
    with closing(build_camera(settings).open()) as camera:
        frame = camera.read(CAMERA_WAIT_S)
        if frame.luma is None:
            raise camera.failure or CameraError(f"no picture within {CAMERA_WAIT_S:.0f} s")
        height, width = frame.luma.shape
        pictures += _views(camera, frame)
        return f"{camera.description}; {width}×{height}, {_light(frame)}"


def _views(camera: ReopeningCamera, first: Frame) -> Iterator[Picture]:
    """A few pictures: the exposure needs a moment, and somebody may turn their head."""
    frame, due_s = first, first.time_s
    while frame.luma is not None and frame.time_s - first.time_s < VIEWED_S:
        if frame.time_s >= due_s:
            yield Picture(frame.luma, frame.chroma)
            due_s = frame.time_s + VIEW_EVERY_S
        frame = camera.read(CAMERA_WAIT_S)


def _picture(pictures: Sequence[Picture], settings: Settings) -> str:
    """What there is to see. Raises CameraError, with advice, if no face can be read in it."""
    found = judged(pictures, settings)
    if not found.is_fit:
        raise CameraError(found.text)
    return found.text


def _camera_of_the_running(settings: Settings) -> Check | None:
    """The line of a camera that the running jukebox has open; None if none runs, or has none."""
    status = ask_status(settings.control, database_file(settings.store, os.environ), os.environ)
    if status is None or status.camera in ("lost", "off"):
        return None
    return Check("camera", True, f"{status.camera}; the running jukebox has it")


def _picture_of_the_running(settings: Settings) -> Iterator[Check]:
    """The line on what the running jukebox's camera sees; none if no jukebox can tell."""
    found = ask_view(settings.control, database_file(settings.store, os.environ), os.environ)
    if found is not None:
        yield Check("picture", found.is_fit, found.text)


def _light(frame: Frame) -> str:
    assert frame.luma is not None  # noqa: S101 - the caller has checked
    brightness = float(frame.luma.mean()) / 255
    dark = " (too dark to read faces well)" if brightness < 0.12 else ""
    return f"brightness {brightness:.0%}{dark}"


def _faces(settings: Settings) -> str:
    build_faces(settings)
    return settings.faces.detector


def _emotion(settings: Settings) -> str:
    network = build_classifier(settings)
    text = f"{network.name} on {runtime_name()}"
    if network.card.priors:
        return text
    return (
        f"{text}; its card has no priors, so all emotions count as equally frequent: "
        "python -m convert.priors adds them (convert/README.md)"
    )


def _gender(settings: Settings) -> str:
    return f"{build_gender(settings).name} on {runtime_name()}"


def _database(settings: Settings) -> str:
    path = database_file(settings.store, os.environ)
    if os.path.exists(path):
        _must_be_writable(path)
        last = read_history(path, since_unix_s=0.0, limit=1)
        return f"{path}; last entry {last[0].at if last else 'none yet'}"
    if closed_folder(path):
        raise missing(path)
    folder = next(parent for parent in path.absolute().parents if os.path.exists(parent))
    if not os.access(folder, os.W_OK):
        raise StoreError(f"{path} cannot be made: this user may not write to {folder}")
    return f"{path}: the first run makes it"


def _must_be_writable(path: Path) -> None:
    """Raises StoreError if a newer jukebox made the database, so that nothing is recorded in it."""
    try:
        with open_for_reading(path) as connection:
            refuse_newer(path, Database(connection, execute_plugins=False))
    except sqlite3.Error as error:
        raise explained(path, error) from error


def _page(settings: Settings) -> str:
    link = page_link(settings, os.environ)
    return f"{link} (jukebox pair lets a device in)" if link else "none runs"


def _mpd(settings: Settings) -> str:
    with closing(build_player(settings)) as player:
        now = player.report()
        if player.complaint:
            raise PlayerError(f"{player.address}: {player.complaint}")
        return f"{player.address}: {player.server}; {now}"


def _playlists(settings: Settings) -> Iterator[Check]:
    """A line for each emotion's music."""
    files: dict[str, None] = {}
    with closing(build_player(settings)) as player:
        for emotion in EMOTIONS:
            yield _checked(f"playlist {emotion}", partial(_songs, files, player, emotion))
    if text := _loudness(settings, list(files)):
        yield Check("loudness", True, text)


def _loudness(settings: Settings, files: Sequence[str]) -> str:
    """What keeps the songs from being equally loud; "" if nothing does, or nobody can tell."""
    mpd = settings.mpd
    connection = Connection(Address(mpd.address, mpd.port, mpd.password), lambda _client: None)
    try:
        with closing(connection), connection.client() as client:
            if client.replay_gain_status() == "off":
                return "MPD's replay gain is off, so each song is as loud as its file"
            gains = read_gains(client, files)
    except (PlayerError, CommandError):
        return ""
    if not gains.without:
        return f"all of {gains.read} files tell how loud they are" if gains.read else ""
    formats = ", ".join(f"{number} {suffix}" for suffix, number in gains.without.most_common())
    louder = "; Opus without it plays 5 dB louder and may clip" if gains.without["opus"] else ""
    return (
        f"{gains.without.total()} of {gains.read} files do not tell how loud they are ({formats}),"
        f" so they play louder or softer than others{louder}; jukebox sort FOLDER --gains"
        " measures what they need"
    )


def _songs(files: dict[str, None], player: MpdPlayer, emotion: Emotion) -> str:
    """How many songs the mood has that can be played. Raises PlaylistError if there is none.

    files: gets those that are files.
    """
    songs = player.songs(emotion)
    files |= dict.fromkeys(song.uri for song in songs if song.there and "://" not in song.uri)
    missing = [song.uri for song in songs if not song.there]
    if len(missing) == len(songs):
        raise PlaylistError(f"of {counted(len(songs), 'song')} MPD has none, such as {missing[0]}")
    text = counted(len(songs) - len(missing), "song")
    return f"{text}; MPD does not have {len(missing)}, such as {missing[0]}" if missing else text
