"""`jukebox calibrate`: `jukebox teach --rest owner`, with or without a running jukebox.

A network that cannot be taught is corrected by factors for its answers (vision/calibration.py).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import closing

from appliance.build import build_camera, build_classifier, build_faces
from appliance.commands.shared import settings_of
from appliance.history.files import database_file, is_in_use
from appliance.history.store import SqliteStore
from appliance.records import Factors
from appliance.remote import tell
from appliance.remote.control_client import ControlClient, connect
from appliance.remote.control_socket import socket_files
from appliance.running.teacher import OWNER
from appliance.running.teaching_alone import can_be_taught, forget_rest, teach_alone
from appliance.settings import MpdSettings, Settings
from appliance.vision.calibration import LASTS_S, RESULT, TOO_FEW, RestingFace, describe_factors

LONGEST_WAIT_S = 1.5
RESULT_WAIT_S = 5.0  # for the result, after the minute


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds --forget."""
    verb.add_argument("--forget", action="store_true", help="undo the calibration")


def run(chosen: argparse.Namespace) -> int:
    """Calibrates. Returns 1 if there were too few samples. Raises JukeboxError."""
    return 0 if calibrate(settings_of(chosen), forget=chosen.forget) else 1


def calibrate(settings: Settings, *, forget: bool) -> bool:
    """Watches the face, keeps the result and prints it. Returns whether there were enough samples.

    A running jukebox has the camera and the database, so it is asked to do this itself. Raises
    CameraError, ControlError, ModelError, PlayerError or StoreError if that fails.
    """
    database = database_file(settings.store, os.environ)
    if is_in_use(database):
        jukebox = connect(socket_files(settings.control, database, os.environ))
        if jukebox is None:
            return _ask_by_mpd(settings.mpd, forget=forget)
        with closing(jukebox):
            return _ask(jukebox, forget=forget)
    if forget:
        _keep(settings, None)
        forget_rest(database)
        print("faces are read as they are")
        return True
    if can_be_taught(settings):
        return _teach(settings)
    factors = _watch(settings).factors()
    if factors is not None:
        _keep(settings, factors)
    print(describe_factors(factors))
    return factors is not None


def _teach(settings: Settings) -> bool:
    """The same as `jukebox teach --rest owner`."""
    good = False
    for event in teach_alone(settings, OWNER, rest=True):
        good = event["stage"] == "over" and bool(event["good"])
        if event["stage"] in ("begin", "over"):
            print(event["text"], flush=True)
    if good:  # what an earlier version kept is replaced
        _keep(settings, None)
    return good


def _ask(jukebox: ControlClient, *, forget: bool) -> bool:
    """Lets the running jukebox do it. Raises ControlError."""
    jukebox.ask("subscribe")  # the result comes as an event
    print(jukebox.ask("calibrate", {"forget": forget})["text"], flush=True)
    if forget:
        return True
    result = jukebox.event("calibration", LASTS_S + RESULT_WAIT_S)
    print(result["text"])
    return bool(result["good"])


def _ask_by_mpd(settings: MpdSettings, *, forget: bool) -> bool:
    """The same for a jukebox without a control socket. Raises PlayerError."""
    later_s = 0.0 if forget else LASTS_S + RESULT_WAIT_S
    message = "calibrate forget" if forget else "calibrate"
    answer = ""
    for answer in tell.tell(settings, message, later_s, RESULT):
        print(answer, flush=True)
    return answer != TOO_FEW


def _watch(settings: Settings) -> RestingFace:
    """The samples of a minute. Raises the camera's error if it gave no picture with a face."""
    faces, classifier = build_faces(settings), build_classifier(settings)
    print("look at the camera with a face at rest, for a minute ...", file=sys.stderr)
    with closing(build_camera(settings).open()) as camera:
        began_s = time.monotonic()
        watched = RestingFace(began_s, classifier.priors)
        while not watched.is_over(time.monotonic()):
            frame = camera.read(LONGEST_WAIT_S)
            watched.watch(classifier.classify(frame, faces.find(frame)))
            _show_progress(time.monotonic() - began_s, watched.samples)
        if not watched.samples and camera.failure is not None:
            raise camera.failure
    return watched


def _keep(settings: Settings, factors: Factors | None) -> None:
    store = SqliteStore(settings.store)
    now_s = time.time()
    store.record_calibration(now_s, factors)
    try:
        store.write(now_s)
    finally:
        store.close()


def _show_progress(passed_s: float, samples: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if passed_s >= LASTS_S else ""
        print(f"\r{min(passed_s, LASTS_S):3.0f} s, {samples} samples", end=end, file=sys.stderr)
