"""Which source a name in the settings stands for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_camera import Clock, Scripted, picture

from appliance.camera import devices, picamera2
from appliance.camera.reopening import ReopeningCamera
from appliance.camera.sources import Choice, choose
from appliance.camera.v4l2 import V4l2Source
from appliance.errors import CameraError

ASKED = {"width_px": 64, "height_px": 48, "frames_per_second": 10.0, "picture_s": 3.0}


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere.mp4", "'nowhere.mp4': no such file; use auto, picamera2"),
        ("empty", "empty: cannot be read as a picture, or has none ending in .bmp, .jpeg"),
        ("text.mp4", "text.mp4 cannot be read as a video"),
        ("broken.png", "broken.png: cannot be read as a picture"),
        ("picamera2", "picamera2 is not installed"),
    ],
)
def test_an_impossible_source_is_refused_at_once(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(picamera2.importlib.util, "find_spec", lambda _name: None)
    Path("empty").mkdir()
    Path("text.mp4").write_text("not a film")
    Path("broken.png").write_bytes(b"")
    with pytest.raises(CameraError) as caught:
        ReopeningCamera(source).open()
    assert sentence in str(caught.value)


def test_a_webcam_that_is_not_plugged_in_yet_is_waited_for() -> None:
    camera = ReopeningCamera("/dev/video63").open()
    camera._capture.wait(5)
    frame = camera.read(0)
    camera.close()
    assert frame.luma is None
    assert str(camera.failure) == "/dev/video63: no such device; plug the camera in"


def no_pi_camera() -> str:
    raise CameraError("no Raspberry Pi camera")


def no_webcam() -> str:
    raise CameraError("no camera plugged in")


@pytest.mark.parametrize(
    ("pi", "webcam", "description", "stands_in"),
    [
        (lambda: "imx219", lambda: "HD Webcam", "imx219", False),
        (no_pi_camera, lambda: "HD Webcam", "HD Webcam; no Raspberry Pi camera", False),
        (
            no_pi_camera,
            no_webcam,
            "the demo reel; no Raspberry Pi camera; no camera plugged in",
            True,
        ),
    ],
)
def test_auto_takes_the_best_camera_and_says_why(
    pi: Callable[[], str],
    webcam: Callable[[], str],
    description: str,
    stands_in: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("appliance.camera.picamera2.find", pi)
    monkeypatch.setattr("appliance.camera.devices.describe_first", webcam)
    choice = choose("auto", **ASKED, reel_stands_in=True)
    assert (str(choice), choice.stands_in) == (description, stands_in)


def test_without_a_camera_the_jukebox_waits_for_one_and_does_not_show_the_reel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("appliance.camera.picamera2.find", no_pi_camera)
    monkeypatch.setattr("appliance.camera.devices.describe_first", no_webcam)
    choice = choose("auto", **ASKED)
    assert choice.name == "the first camera to be plugged in"
    assert isinstance(choice.make(time.sleep), V4l2Source)


def test_a_search_that_hangs_does_not_delay_the_loop() -> None:
    reel, clock, released = Scripted(picture(1)), Clock(), threading.Event()
    stand_in = Choice(lambda _s: reel, "the demo reel", stands_in=True)
    camera = ReopeningCamera(monotonic=clock, choose_source=lambda: stand_in).open()
    camera._choose = lambda: released.wait(10) and stand_in
    for brightness in range(2, 30):
        reel.script.put(picture(brightness))
        camera._capture.wait(5)
        assert camera.read(0).luma is not None
        clock.now_s += 2
    assert [thread.name for thread in threading.enumerate()].count("camera search") == 1
    released.set()
    reel.script.put(CameraError("the test is over"))
    camera.close()


def test_a_camera_is_searched_for_every_ten_seconds_while_the_reel_stands_in() -> None:
    reel, clock, searched_s = Scripted(), Clock(), []
    stand_in = Choice(lambda _s: reel, "the demo reel", stands_in=True)

    def search() -> Choice:
        searched_s.append(clock.now_s - 100)
        return stand_in

    camera = ReopeningCamera(monotonic=clock, choose_source=search).open()
    for _ in range(80):
        clock.now_s += 0.5
        reel.script.put(picture(1))
        camera._capture.wait(5)
        camera.read(0)
        if camera._search is not None:
            camera._search.join(5)
    reel.script.put(CameraError("the test is over"))
    camera.close()
    # It is seen to have found nothing, and the ten seconds begin, one frame later.
    assert searched_s == [0, 10, 20.5, 31]


def test_a_camera_plugged_in_later_replaces_the_demo_reel() -> None:
    reel, webcam, clock = Scripted(picture(1)), Scripted(picture(2)), Clock()
    choices = [Choice(lambda _s: reel, "the demo reel", stands_in=True)] * 2
    choices.append(Choice(lambda _s: webcam, "HD Webcam"))
    camera = ReopeningCamera(monotonic=clock, choose_source=lambda: choices.pop(0)).open()
    seen = None
    while seen is None or seen[0, 0] != 2:
        reel.script.put(picture(1))
        camera._capture.wait(5)
        seen = camera.read(0).luma
        clock.now_s += 2
    webcam.script.put(CameraError("the test is over"))
    reel.script.put(picture(1))
    camera.close()
    assert camera.description == "HD Webcam"
    assert not camera.lost
    assert reel.closed.wait(5)


def test_a_webcam_plugged_in_later_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The capture that waits for it opens it, and so could the search that finds it."""
    caplog.set_level("INFO")
    plugged_in, opened, clock = threading.Event(), [], Clock()

    def first() -> str:
        if not plugged_in.is_set():
            raise CameraError("no camera plugged in")
        return "HD Webcam at /dev/video0"

    class Webcam(Scripted):
        def open(self) -> None:
            first()
            opened.append(self)

    made: list[Webcam] = []

    def source(*_: object) -> Webcam:
        made.append(Webcam())
        return made[-1]

    monkeypatch.setattr(picamera2, "find", no_pi_camera)
    monkeypatch.setattr(devices, "describe_first", first)
    monkeypatch.setattr("appliance.camera.sources.V4l2Source", source)
    camera = ReopeningCamera(monotonic=clock).open()
    seen = 0
    for step in range(120):
        if step == 20:
            plugged_in.set()
        for webcam in made:
            webcam.script.put(picture(2))
        if opened:
            camera._capture.wait(5)
        elif camera._capture is not None:
            camera._capture._thread.join(5)
        if camera._search is not None:
            camera._search.join(5)
        seen += camera.read(0).luma is not None
        clock.now_s += 0.5
    for webcam in made:
        webcam.script.put(CameraError("the test is over"))
    camera.close()
    assert len(opened) == 1
    assert camera.description == "HD Webcam at /dev/video0"
    assert not camera.lost


def no_pi_camera() -> str:
    raise CameraError("no Raspberry Pi camera")
