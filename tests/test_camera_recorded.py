"""Films, pictures and the demo reel as cameras."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from conftest import DATA
from fake_camera import Clock, picture

from appliance.camera.recorded import Film, Pictures, Reel, Ticks
from appliance.camera.reopening import ReopeningCamera
from appliance.errors import CameraError
from appliance.images import read_picture

GIFS = DATA / "video"


def film(path: Path, levels: list[int], fps: float = 10.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    for level in levels:
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    return path


def shown(source: Film | Pictures | Reel, clock: Clock, ticks: int) -> list[tuple[float, int]]:
    """(seconds since the beginning, brightness) at each tick."""
    began_s = clock()
    seen = [(source.read(), clock() - began_s) for _ in range(ticks)]
    return [(at_s, round(float(picture.luma.mean()) / 20) * 20) for picture, at_s in seen]


def test_ticks_are_even_and_go_on_from_there_after_a_delay() -> None:
    clock = Clock()
    ticks = Ticks(2.0, clock.sleep, clock)
    ticks_s = [ticks.tick(), ticks.tick()]
    clock.now_s += 10
    ticks_s += [ticks.tick(), ticks.tick()]
    assert ticks_s == [0.0, 0.5, 10.5, 11.0]


@pytest.mark.parametrize(
    ("ticks_per_second", "seen"),
    [
        (4.0, [(0.0, 20), (0.25, 60), (0.5, 100), (0.75, 140), (1.0, 20), (1.25, 60)]),
        (2.0, [(0.0, 20), (0.5, 100), (1.0, 20), (1.5, 100), (2.0, 20)]),
        (8.0, [(0.0, 20), (0.125, 20), (0.25, 60), (0.375, 60), (0.5, 100)]),
    ],
)
def test_a_film_runs_at_its_own_speed_and_begins_again(
    ticks_per_second: float, seen: list[tuple[float, int]], tmp_path: Path
) -> None:
    clock = Clock()
    source = Film(
        film(tmp_path / "a.avi", [20, 60, 100, 140], fps=4.0), ticks_per_second, clock.sleep, clock
    )
    source.open()
    assert shown(source, clock, len(seen)) == seen
    source.close()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(("rotate", "upright"), [(0, (48, 64)), (90, (64, 48)), (270, (64, 48))])
def test_a_film_that_a_phone_took_upright_stands_upright(
    rotate: int, upright: tuple[int, int], tmp_path: Path
) -> None:
    """The upper left quarter is white, of the picture as people see it."""
    flat, turned = tmp_path / "flat.mp4", tmp_path / "turned.mp4"
    corner = {0: "0:0", 90: "32:0", 270: "0:24"}[rotate]  # where it lies in the file
    draw = f"drawbox=x={corner.replace(':', ':y=')}:w=32:h=24:color=white:t=fill"
    ffmpeg = ["ffmpeg", "-v", "error", "-y"]
    black = ["-f", "lavfi", "-i", "color=black:s=64x48:d=1:r=10"]
    subprocess.run([*ffmpeg, *black, "-vf", draw, "-pix_fmt", "yuv420p", flat], check=True)
    tag = ["-metadata:s:v:0", f"rotate={rotate}"]
    subprocess.run([*ffmpeg, "-i", flat, "-c", "copy", *tag, turned], check=True)
    clock = Clock()
    film = Film(turned, 10.0, clock.sleep, clock)
    film.open()
    for _ in range(15):  # also in the second round
        luma = film.read().luma
        assert luma.shape == upright
        height, width = upright
        assert luma[: height // 2 - 2, : width // 2 - 2].min() > 200
        assert luma[height // 2 + 2 :].max() < 50
    film.close()


def test_a_film_deleted_while_it_runs_is_an_error(tmp_path: Path) -> None:
    clock, path = Clock(), film(tmp_path / "a.avi", [20, 60])
    source = Film(path, 10.0, clock.sleep, clock)
    source.open()
    path.unlink()
    with pytest.raises(CameraError, match=r"a\.avi cannot be read as a video"):
        shown(source, clock, 10)
    source.close()


@pytest.mark.parametrize(
    ("gif", "pictures", "length_s"),
    [
        ("head-pose-face-detection-female.gif", 23, 1.83),
        ("face-demographics-walking-and-pause.gif", 41, 3.33),
    ],
)
def test_an_animated_gif_is_a_film(gif: str, pictures: int, length_s: float) -> None:
    if not (GIFS / gif).exists():
        pytest.skip(f"the shared test video {gif} is not here")
    clock = Clock()
    source = Film(GIFS / gif, 100.0, clock.sleep, clock)
    source.open()
    seen = [source.read() for _ in range(round(length_s * 100) + 1)]
    source.close()
    assert seen[0].luma.shape == (270, 480)
    assert len({id(picture) for picture in seen}) == pictures


def test_pictures_follow_each_other_and_the_unreadable_one_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "notes.txt").write_text("not a picture, and never opened")
    for name, level in (("b.png", 100), ("a.png", 20)):
        cv2.imwrite(str(tmp_path / name), picture(level))
    (tmp_path / "aa.png").write_bytes(b"\x89PNG torn")
    clock = Clock()
    source = Pictures(tmp_path, 3.0, 1.0, clock.sleep, clock)
    source.open()
    seen = shown(source, clock, 8)
    assert seen == [(t, 100 if t in (3, 4, 5) else 20) for t in range(8)]
    assert [record.getMessage() for record in caplog.records] == [
        f"skipped: {tmp_path / 'aa.png'}: is not a picture that OpenCV can read"
        " (JPEG, PNG, WebP, …)"
    ]


@pytest.mark.parametrize(("megabytes", "says"), [(63, "is not a picture"), (65, "than 64 MB")])
def test_a_file_of_more_than_64_megabytes_is_not_read(
    megabytes: int, says: str, tmp_path: Path
) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    with pytest.raises(CameraError, match=says):
        read_picture(tmp_path / "a.png")


def exif(orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)


def webp(pixels: np.ndarray, orientation: int) -> bytes:
    """A WebP as phones write it: with the chunks VP8X and EXIF."""
    height, width = pixels.shape
    plain = cv2.imencode(".webp", cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))[1].tobytes()
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = [b"VP8X", struct.pack("<I", 10), b"\x08\0\0\0", size, plain[12:]]
    chunks += [b"EXIF", struct.pack("<I", len(exif(orientation))), exif(orientation)]
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_webp_stands_as_a_jpeg_of_the_same_orientation_does(
    orientation: int, tmp_path: Path
) -> None:
    pixels = np.zeros((48, 64), np.uint8)
    pixels[:24, :32] = 250
    pixels[:24, 32:] = 120
    jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
    app1 = b"Exif\0\0" + exif(orientation)
    app1 = b"\xff\xe1" + struct.pack(">H", len(app1) + 2) + app1
    (tmp_path / "a.jpg").write_bytes(jpeg[:2] + app1 + jpeg[2:])
    (tmp_path / "a.webp").write_bytes(webp(pixels, orientation))
    expected, found = read_picture(tmp_path / "a.jpg").luma, read_picture(tmp_path / "a.webp").luma
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() < 40


def test_of_a_jpeg_cut_short_the_upper_part_is_seen(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (480, 640), np.uint8)
    jpeg = cv2.imencode(".jpg", noise)[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (tmp_path / "whole.jpg").write_bytes(jpeg)
    seen, whole = read_picture(tmp_path / "a.jpg").luma, read_picture(tmp_path / "whole.jpg").luma
    assert np.array_equal(seen[:200], whole[:200])


def test_a_folder_that_vanishes_is_a_loss_and_not_a_crash(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), picture(20))
    camera = ReopeningCamera(str(folder))
    camera.choose()
    (folder / "a.png").unlink()
    folder.rmdir()
    camera.open()._capture.wait(5)
    camera.read(0)
    camera.close()
    assert "stick cannot be read" in str(camera.failure)


def test_the_demo_reel_is_repeated_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    reel = SimpleNamespace(frame_at=lambda time_s: picture(round(20 * (time_s % 3))))
    monkeypatch.setitem(sys.modules, "appliance.camera.reel", reel)
    monkeypatch.setattr("appliance.camera.reel", reel, raising=False)
    clock = Clock()
    source = Reel(1.0, clock.sleep, clock)
    source.open()
    assert shown(source, clock, 5) == [(0, 0), (1, 20), (2, 40), (3, 0), (4, 20)]
    source.close()


@pytest.mark.parametrize("source", ["folder", "one.png", "film.avi"])
def test_recorded_pictures_come_through_the_camera(source: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("folder/a.png", "one.png"):
        cv2.imwrite(str(tmp_path / name), picture(50, 48, 64))
    film(tmp_path / "film.avi", [50, 50])
    camera = ReopeningCamera(str(tmp_path / source), frames_per_second=30).open()
    frames = [camera.read(timeout_s=5) for _ in range(3)]
    camera.close()
    assert [frame.luma.shape for frame in frames] == [(48, 64)] * 3
    assert source in camera.description
