"""A lesson where no jukebox runs: this process has the camera and the history to itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from appliance.build import build_camera, build_classifier, build_faces, kept_people
from appliance.history.files import database_file
from appliance.history.forgetting import forget_person
from appliance.history.store import SqliteStore
from appliance.records import Emotion
from appliance.running.teacher import OWNER, Event, Teacher, space_of
from appliance.settings import Settings
from appliance.vision.taught import Taught

LONGEST_WAIT_S = 1.5
CAMERA_WAIT_S = 5.0  # a camera that has given no picture until then, and says why, gives none


def can_be_taught(settings: Settings) -> bool:
    """Whether the network that the settings name can be taught. Raises ModelError."""
    return space_of(build_classifier(settings)) is not None


def forget_rest(database: Path) -> None:
    """Forgets the owner where only their face at rest is known. Raises StoreError."""
    if [face.emotion for face in kept_people(database) if face.name == OWNER] == [Emotion.NEUTRAL]:
        forget_person(database, OWNER)


def teach_alone(settings: Settings, name: str, *, rest: bool) -> Iterator[Event]:
    """Gives the lesson and keeps it. Yields what to say; the first has only a `text`.

    Raises JukeboxError, also that of the camera if it gave no picture.
    """
    faces, network = build_faces(settings), build_classifier(settings)
    kept = kept_people(database_file(settings.store, os.environ))
    reader = Taught(network, None, network.priors, kept)
    with (
        closing(SqliteStore(settings.store)) as store,
        closing(build_camera(settings).open()) as camera,
    ):
        teacher = Teacher(reader, store, network)
        began_s, has_picture = time.monotonic(), False
        yield {"text": teacher.begin(name, began_s, rest=rest), "stage": "begin"}
        while True:
            frame = camera.read(LONGEST_WAIT_S)
            has_picture = has_picture or frame.luma is not None
            waited_s = frame.time_s - began_s
            if not has_picture and camera.failure is not None and waited_s > CAMERA_WAIT_S:
                raise camera.failure
            reader.classify(frame, faces.find(frame))
            for event in teacher.note(frame):
                if event["stage"] == "over":
                    store.write(time.time())
                    if not event["good"] and camera.failure is not None:
                        raise camera.failure
                yield event
                if event["stage"] == "over":
                    return
