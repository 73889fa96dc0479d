"""The colour of pictures: out of every form in which cameras and files give it, to the search."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.build import build_faces
from appliance.camera.colour import chroma_of, of_planes
from appliance.camera.reopening import ReopeningCamera
from appliance.images import read_picture, turned
from appliance.records import Box, Frame, Picture
from appliance.settings import Settings
from appliance.vision.detectors import BlazeFace
from appliance.vision.pixels import Pixels

# Red on the left, blue on the right; above darker than below.
BGR = np.zeros((48, 64, 3), np.uint8)
BGR[:, :32, 2], BGR[:, 32:, 0] = 200, 200
BGR[24:] = BGR[24:] // 2 + 60
YCC = cv2.cvtColor(BGR, cv2.COLOR_BGR2YCrCb)
HALF = np.ascontiguousarray(YCC[::2, ::2, 1:])
CR, CB = HALF[:, :, 0], HALF[:, :, 1]


def packed(order):
    """Two pixels in four bytes: Y, Cb, Y, Cr in this order of places."""
    fours = np.zeros((48, 32, 4), np.uint8)
    for place, values in zip(order, (YCC[:, ::2, 0], YCC[:, 1::2, 0], None, None), strict=True):
        if values is not None:
            fours[:, :, place] = values
    fours[:, :, order[2]], fours[:, :, order[3]] = YCC[:, ::2, 2], YCC[:, ::2, 1]
    return fours.reshape(48, 64, 2)


def below(*rows):
    """The luma with its colour below."""
    return np.vstack([YCC[:, :, 0], *(row.reshape(-1, 64) for row in rows)])


FORMS = {
    "YUYV": packed((0, 2, 1, 3)),
    "UYVY": packed((1, 3, 0, 2)),
    "NV12": below(np.dstack([CB, CR])),
    "NV21": below(np.dstack([CR, CB])),
    "YU12": below(CB, CR),
    "YV12": below(CR, CB),
    "MJPG": cv2.imencode(".jpg", BGR, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].reshape(1, -1),
    "BGR3": BGR,
    "BA81": BGR,  # turned into BGR by OpenCV
}


@pytest.mark.parametrize("pixel_format", FORMS)
def test_colour_comes_out_of_every_format_that_has_it(pixel_format):
    chroma = chroma_of(FORMS[pixel_format], pixel_format)()
    assert chroma.shape == (24, 32, 2)
    assert chroma.flags.c_contiguous
    off = np.abs(chroma.astype(int) - HALF)[:, [*range(14), *range(18, 32)]]
    assert off.max() <= (12 if pixel_format == "MJPG" else 1)


def test_a_gray_camera_has_no_colour():
    assert chroma_of(YCC[:, :, 0], "GREY") is None


@pytest.mark.parametrize("pixel_format", ["YUYV", "NV12", "YU12", "MJPG", "BGR3"])
def test_a_picture_of_odd_size_has_its_colour_too(pixel_format):
    odd = {
        "YUYV": np.full((5, 7, 2), 90, np.uint8),
        "NV12": np.full((6, 6), 90, np.uint8),
        "YU12": np.full((6, 6), 90, np.uint8),
        "MJPG": cv2.imencode(".jpg", BGR[:5, :7])[1].reshape(1, -1),
        "BGR3": BGR[:5, :7],
    }
    height, width, both = chroma_of(odd[pixel_format], pixel_format)().shape
    assert (height in {2, 3}, width in {3, 4}, both) == (True, True, 2)


def test_lines_that_are_filled_up_are_left_out():
    planes = np.full((72, 96), 255, np.uint8)
    planes[48:60] = np.pad(CB, ((0, 0), (0, 16)), constant_values=9).reshape(12, 96)
    planes[60:72] = np.pad(CR, ((0, 0), (0, 16)), constant_values=9).reshape(12, 96)
    assert np.array_equal(of_planes(planes, 64)(), HALF)


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".bmp"])
def test_a_file_has_its_colour(ending, tmp_path):
    path = tmp_path / f"a{ending}"
    cv2.imwrite(str(path), BGR)
    picture = read_picture(path)
    chroma = picture.chroma()
    assert (picture.luma.shape, chroma.shape) == ((48, 64), (24, 32, 2))
    assert chroma[:, :10, 0].mean() > 160 > 120 > chroma[:, :10, 1].mean()
    assert chroma[:, -10:, 1].mean() > 160 > 120 > chroma[:, -10:, 0].mean()


def test_a_file_that_ends_early_has_some_colour(tmp_path):
    path = tmp_path / "a.jpg"
    content = cv2.imencode(".jpg", cv2.resize(BGR, (640, 480)))[1].tobytes()
    path.write_bytes(content[: len(content) // 2])
    assert read_picture(path).chroma().shape[2] == 2


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_colour_turns_with_its_picture(degrees):
    picture = turned(Picture(YCC[:, :, 0], lambda: HALF), degrees)
    upright = np.rot90(YCC, -degrees // 90)
    assert np.array_equal(picture.luma, upright[:, :, 0])
    assert np.array_equal(picture.chroma(), np.rot90(HALF, -degrees // 90))


def test_a_film_comes_through_the_camera_in_colour_and_turned(tmp_path: Path):
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(20):
        writer.write(BGR)
    writer.release()
    camera = ReopeningCamera(str(path), rotate_degrees=90).open()
    frame = camera.read(timeout_s=10)
    camera.close()
    assert (frame.luma.shape, frame.chroma().shape) == ((64, 48), (32, 24, 2))
    assert frame.chroma()[:8, :, 0].mean() > 160  # what was on the left is above


def test_only_a_search_asks_for_the_colour_and_only_once_a_frame():
    asked = []

    def chroma():
        asked.append(1)
        return HALF

    detector = BlazeFace()
    picture = Picture(YCC[:, :, 0], chroma)
    detector.search(picture, [], min_score=0.5, min_height_px=24, newcomers=0.0)
    assert asked == []
    detector.search(picture, [], min_score=0.5, min_height_px=24)
    assert asked == [1]


def test_equal_colours_are_gray():
    gray, coloured = Pixels(YCC[:, :, 0]), Pixels(YCC[:, :, 0], np.full((24, 32, 2), 128, np.uint8))
    square = Box(0, 0, 48, 48)
    colours = coloured.square(square, 128)
    assert np.array_equal(colours, np.repeat(gray.square(square, 128)[:, :, None], 3, axis=2))


def test_the_jukebox_searches_in_colour(monkeypatch):
    seen = []
    faces = build_faces(Settings())
    network = faces._detector._network
    monkeypatch.setattr(network, "detect", lambda pixels, *_: seen.append(pixels.chroma) or [])
    faces.find(Frame(0.0, 0.0, YCC[:, :, 0], lambda: HALF))
    faces.find(Frame(5.0, 5.0, YCC[:, :, 0]))
    assert seen[0] is HALF
    assert seen[-1] is None


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (24, 32), (25, 33)])
@pytest.mark.parametrize("size", [(48, 64), (9, 9), (1, 7)])
def test_a_picture_whose_colour_is_of_another_size_is_searched(shape, size):
    picture = Picture(np.zeros(size, np.uint8), lambda: np.full((*shape, 2), 128, np.uint8))
    found = BlazeFace().search(picture, [], min_score=0.5, min_height_px=16)
    assert found == []


def test_a_damaged_jpeg_is_gray():
    jpeg = FORMS["MJPG"][:, :200]
    assert set(chroma_of(jpeg, "MJPG")().ravel().tolist()) == {128}
