"""The running jukebox judges its camera's picture on request: what it takes for it, and when."""

import threading

import numpy as np
import pytest
from conftest import wait_for

from appliance.errors import ControlError, ModelError
from appliance.records import CameraAdvice, Frame
from appliance.running.viewer import CameraViewer
from appliance.settings import Settings

FIT = CameraAdvice(True, "1 face in sight, 90 pixels high")


def frame(time_s, *, gray=0, dark=False):
    return Frame(time_s, 0.0, None if dark else np.full((9, 9), gray, np.uint8))


@pytest.fixture
def seen():
    """The pictures that were judged."""
    return []


@pytest.fixture
def viewer(seen):
    def judge(pictures, _settings):
        seen.extend(int(picture.luma[0, 0]) for picture in pictures)
        return FIT

    made = CameraViewer(judge)
    yield made
    made.close()


def test_a_few_pictures_of_the_next_moment_are_judged(viewer, seen):
    viewer.note(frame(0.0, gray=9))  # nobody has asked
    told = viewer.begin(1.0, Settings())
    for number in range(1, 20):
        viewer.note(frame(1.0 + number / 4, gray=number))
    assert told.result(10) == FIT
    assert seen == [1, 4]


def test_who_asks_meanwhile_gets_the_same_answer_and_later_a_new_one(viewer):
    told = viewer.begin(0.0, Settings())
    assert viewer.begin(1.0, Settings()) is told
    viewer.note(frame(2.0))
    told.result(10)
    assert viewer.begin(3.0, Settings()) is not told


def test_a_camera_without_a_picture_is_an_answer(viewer):
    told = viewer.begin(0.0, Settings())
    viewer.note(frame(0.0, dark=True))
    viewer.note(frame(2.0, dark=True))
    with pytest.raises(ControlError, match="no picture"):
        told.result(0)


def test_a_slow_look_delays_no_frame_and_its_failure_is_an_answer():
    go_on = threading.Event()

    def judge(_pictures, _settings):
        go_on.wait(10.0)
        raise ModelError("no such model")

    slow = CameraViewer(judge)
    told = slow.begin(0.0, Settings())
    for number in range(40):
        slow.note(frame(number / 10))
    assert not told.done()
    go_on.set()
    assert wait_for(lambda: isinstance(told.exception(0) if told.done() else None, ModelError))
    slow.close()
