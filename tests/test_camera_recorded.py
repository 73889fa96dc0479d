"""Films, pictures and the demo reel as cameras."""

from __future__ import annotations

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
from appliance.images import read_gray

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
    return [(at_s, round(float(luma.mean()) / 20) * 20) for luma, at_s in seen]


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
    assert seen[0].shape == (270, 480)
    assert len({id(luma) for luma in seen}) == pictures


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
        read_gray(tmp_path / "a.png")


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
