"""Pictures, films, models, settings and lists that are damaged: read or refused, no traceback."""

import re
import shutil
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_camera import Clock
from nonsense import nonsense

from appliance.camera.recorded import Film
from appliance.config.editing import edited
from appliance.config.loading import parse
from appliance.errors import CameraError, ConfigError, ModelError
from appliance.images import decoded
from appliance.remote.control_line import encode
from appliance.resolver.owners_links import OwnersLinks
from appliance.vision.cards import MODELS, read_card
from appliance.web.devices import Devices

PROJECT = Path(__file__).resolve().parents[1]


# Pictures and films


def encoded(kind, *more):
    """A small picture in a file's bytes."""
    picture = np.random.default_rng(1).integers(0, 256, (24, 32), np.uint8)
    return cv2.imencode(kind, cv2.GaussianBlur(picture, (5, 5), 0), more)[1].tobytes()


def turned(jpeg, orientation):
    """The JPEG with an EXIF tag that says how the camera was held."""
    tag = b"\x12\x01\x03\x00\x01\x00\x00\x00" + orientation.to_bytes(4, "little")
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + tag + b"\0\0\0\0"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def test_a_picture():
    jpeg = encoded(".jpg")
    goods = [encoded(kind) for kind in (".png", ".bmp", ".pgm", ".webp")]
    goods += [jpeg, turned(jpeg, 6), turned(jpeg, 99)]
    goods += [encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)]
    for bad in nonsense(*goods):
        luma = decoded(np.frombuffer(bad, np.uint8))
        assert luma is None or (luma.dtype, luma.ndim) == (np.uint8, 2)


def test_a_png_file_whose_part_says_that_it_is_longer_than_the_file_never_reaches_opencv(
    monkeypatch,
):
    asked = []
    monkeypatch.setattr("cv2.imdecode", lambda content, _: asked.append(content.tobytes()))
    png = cv2.imencode(".png", np.zeros((24, 32), np.uint8))[1].tobytes()
    at = png.index(b"IDAT") - 4
    longer = png[:at] + (len(png) + 1).to_bytes(4, "big") + png[at + 4 :]  # harmless: by few bytes
    for file in (png, longer, png[:37], png + b"more"):
        decoded(np.frombuffer(file, np.uint8))
    assert asked == [png, png + b"more"]


DECODE = """
import sys, numpy as np
from appliance.images import decoded
print(decoded(np.frombuffer(sys.stdin.buffer.read(), np.uint8)) is None)
"""


def test_a_small_file_with_a_picture_larger_than_the_services_memory_is_refused():
    unit = (PROJECT / "systemd" / "jukebox.service").read_text()
    (limit,) = re.findall(r"^Environment=(OPENCV_IO_MAX_IMAGE_PIXELS)=(\d+)$", unit, re.MULTILINE)
    file = cv2.imencode(".png", np.zeros((9000, 9000), np.uint8))[1].tobytes()
    for environment, refused in (({limit[0]: limit[1]}, b"True"), ({}, b"False")):
        told = subprocess.run(
            [sys.executable, "-c", DECODE], check=True, input=file, capture_output=True,
            cwd=PROJECT, env=environment,
        )  # fmt: skip
        assert told.stdout.strip() == refused


def a_film(path, kind, rate):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*kind), rate, (64, 48))
    for level in range(0, 200, 20):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    return path.read_bytes()


@pytest.mark.filterwarnings("ignore")
def test_a_film(tmp_path):
    goods = [
        a_film(tmp_path / name, kind, rate)
        for name, kind, rate in (("a.avi", "MJPG", 10.0), ("a.mp4", "mp4v", 25.0))
    ]
    clock = Clock()
    for bad in nonsense(*goods):
        (tmp_path / "film").write_bytes(bad)
        film = Film(tmp_path / "film", 4.0, clock.sleep, clock)
        with closing(film), suppress(CameraError):
            film.open()
            for _ in range(8):
                picture = film.read()
                assert picture is None or picture.luma.dtype == np.uint8


def test_a_film_that_says_a_million_pictures_a_second_is_shown_as_one_of_25(tmp_path):
    file, clock = tmp_path / "a.avi", Clock()
    content = bytearray(a_film(file, "MJPG", 10.0))
    at = content.index(b"strh") + 28  # scale and rate
    content[at : at + 8] = (1).to_bytes(4, "little") + (10**6).to_bytes(4, "little")
    file.write_bytes(content)
    film = Film(file, 4.0, clock.sleep, clock)
    with closing(film):
        film.open()
        film.read()
        levels = [round(float(film.read().luma.mean())) for _ in range(2)]
    # After 0.25 and 0.5 s: the 7th picture, and the 3rd of the 2nd round.
    assert levels == [120, 40]


# Models and settings


def test_a_model_behind_its_card(tmp_path):
    card = read_card(MODELS / "emotion_int8_single.tflite", "emotion")
    good = card.model.read_bytes()
    shutil.copy(card.model.with_suffix(".json"), tmp_path / "own.json")
    own = read_card(tmp_path / "own.tflite", "emotion")
    for bad in nonsense(good):
        own.model.write_bytes(bad)
        if bad != good:
            with pytest.raises(ModelError):
                own.network()


def test_settings_that_the_page_edits():
    good = b'# ours\n[mood]\ndwell_s = 3 # here\n[playlists]\nhappy = ["a", "b"]\n#margin = 1\n'
    for bad in nonsense(good):
        text = bad.decode(errors="replace")
        with suppress(ConfigError):
            parse(bad, "jukebox.toml")
            new = edited(text, {("mood", "dwell_s"): 5.0, ("web", "name"): "M"})
            assert parse(new.encode(), "jukebox.toml").mood.dwell_s == 5.0


def test_the_file_of_paired_devices(tmp_path):
    devices = Devices(tmp_path / "devices.json")
    _, token = devices.pair("phone", "2026-11-30")
    good = (tmp_path / "devices.json").read_bytes()
    for bad in nonsense(good):
        (tmp_path / "devices.json").write_bytes(bad)
        found = Devices(tmp_path / "devices.json")
        found.find(token, "2026-11-30")
        assert encode({"all": [device.name for device in found.all]})


# Lists of songs

ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252", "shift_jis", "mac_roman",
)  # fmt: skip


def test_a_playlist_in_every_encoding(tmp_path):
    text = "#EXTM3U\n#EXTINF:-1,Grüße aus Köln\nhttp://a.example/süß\n"
    goods = [text.encode(encoding, "replace") for encoding in ENCODINGS]
    (tmp_path / "sources").write_text(f"{tmp_path}/own.m3u\n")
    for bad in nonsense(*goods):
        (tmp_path / "own.m3u").write_bytes(bad)
        links = OwnersLinks(tmp_path / "sources")
        assert links.has("http://b.example/") is False
