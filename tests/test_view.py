"""What `jukebox check` makes of the camera's picture: turned, dark, blurred, covered, empty."""

import cv2
import numpy as np
import pytest
from conftest import DATA

from appliance.build import build_thorough_detector
from appliance.camera import reel
from appliance.commands import check
from appliance.records import Frame, Picture
from appliance.settings import CameraSettings, FaceSettings, Settings
from appliance.vision.view import advice, view_of

ANNA = reel.frame_at(20.0)  # one face of 190 pixels
EMPTY = reel.frame_at(0.0)
RANDOM = np.random.default_rng(1)


def told(*pictures, rotate_degrees=0, **faces):
    """Whether faces can be read in the last picture, and what to do."""
    settings = Settings(faces=FaceSettings(**faces))
    view = view_of(
        [Picture(luma) for luma in pictures], build_thorough_detector(settings), settings.faces
    )
    found = advice(view, settings.faces.min_height_px, rotate_degrees)
    return found.is_fit, found.text


def turned(luma, degrees):
    """A picture as of a camera whose picture must be turned by so much, clockwise."""
    return np.ascontiguousarray(np.rot90(luma, degrees // 90))


def noisy(gray, spread):
    """The same gray everywhere, with noise."""
    return (gray + RANDOM.normal(0, spread, (480, 640))).clip(0, 255).astype(np.uint8)


def blurred(luma, sigma):
    return cv2.GaussianBlur(luma, (0, 0), sigma)


def far(luma, share):
    """The same room from farther away."""
    small = cv2.resize(luma, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    wide = np.full_like(luma, 150)
    wide[200 : 200 + small.shape[0], 200 : 200 + small.shape[1]] = small
    return wide


@pytest.mark.parametrize("already", [0, 90, 180, 270])
@pytest.mark.parametrize(
    ("degrees", "how"), [(90, "on its side"), (180, "upside down"), (270, "on its side")]
)
def test_a_turned_picture_names_the_setting_and_its_value(already, degrees, how):
    right = (already + degrees) % 360
    assert told(turned(ANNA, degrees), rotate_degrees=already) == (
        False,
        f"it is {how}: set camera.rotate_degrees = {right}",
    )


@pytest.mark.parametrize(
    ("luma", "good", "words"),
    [
        (ANNA, True, "1 face in sight, 1"),
        (EMPTY, True, "nobody is in sight: sit down before the camera and check again; faces are "),
        ((ANNA * 0.12).astype(np.uint8), True, "it is too dark to read faces well: switch on a l"),
        (blurred(ANNA, 6), False, "it is out of focus: clean the lens, and turn it until edges a"),
        (noisy(2, 2.0), False, "it is black: take the cover off the lens, or switch on a light"),
        (noisy(25, 5.0), False, "it is the same gray everywhere: take away what covers the lens"),
        (noisy(250, 3.0), False, "it is the same gray everywhere: take away what covers the lens"),
    ],
)
def test_what_there_is_to_see_comes_with_what_to_do(luma, good, words):
    is_fit, text = told(luma)
    assert is_fit == good
    assert words in text


def test_who_is_too_far_away_is_told_so():
    words = "pixels is too far away: come nearer; faces are read from 40 pix"
    assert words in told(far(ANNA, 0.15), min_height_px=40)[1]
    assert "1 face in sight" in told(far(ANNA, 0.15))[1]


def test_how_near_one_must_come_follows_the_settings():
    assert told(EMPTY)[1].endswith("faces are read from 24 pixels on, up to about 4.6 m away")
    assert told(EMPTY, min_height_px=80)[1].endswith("from 80 pixels on, up to about 1.4 m away")


def test_haar_sees_which_way_is_up_as_well():
    assert told(ANNA, detector="haar")[0]
    assert "camera.rotate_degrees = 180" in told(turned(ANNA, 180), detector="haar")[1]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("name", ["again", "eat", "no", "sorry", "thanks", "yes"])
def test_real_people_are_turned_the_right_way(name, degrees):
    film = DATA / "video" / "asl_gestures" / f"{name}.mkv"
    if not film.exists():
        pytest.skip(f"{film}: not there")
    capture = cv2.VideoCapture(str(film))
    pictures = [cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2GRAY) for _ in range(30)][::15]
    is_fit, text = told(*[turned(luma, degrees) for luma in pictures])
    if degrees:
        assert f"camera.rotate_degrees = {degrees}" in text
    else:
        assert (is_fit, text[:15]) == (True, "1 face in sight")


class StillCamera:
    """A camera that shows the same picture ten times a second."""

    description, failure = "a still camera", None

    def __init__(self, luma):
        self.luma, self.time_s, self.is_open = luma, 0.0, False

    def open(self):
        self.is_open = True
        return self

    def read(self, timeout_s):
        assert self.is_open
        self.time_s += 0.1
        return Frame(self.time_s, 0.0, self.luma)

    def close(self):
        self.is_open = False


@pytest.mark.parametrize(("degrees", "good"), [(0, True), (180, False)])
def test_check_has_a_line_for_the_picture(monkeypatch, tmp_path, degrees, good):
    camera = StillCamera(turned(ANNA, degrees))
    monkeypatch.setattr(check, "build_camera", lambda settings: camera)
    settings = Settings(camera=CameraSettings(rotate_degrees=270))
    results = []
    for result in check.checks(lambda: settings):
        results.append(result)
        if result.what == "picture":
            break
    assert [result.what for result in results] == ["config", "camera", "face detector", "picture"]
    assert results[-1].good == good
    assert ("camera.rotate_degrees = 90" in results[-1].text) != good
    assert not camera.is_open
