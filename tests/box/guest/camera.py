"""The rig's webcam: gives v4l2loopback the pictures of the scene that /run/box/scene names.

A scene is an emotion, or `cycle SECONDS`: one emotion after the other.
"""

import fcntl
import json
import os
import struct
import time
from pathlib import Path

HERE = Path(__file__).parent
SCENE = Path("/run/box/scene")
DEVICE = "/dev/video0"
WIDTH, HEIGHT = 640, 480
FRAMES_PER_SECOND = 4

VIDIOC_S_FMT = 0xC0D05605  # _IOWR('V', 5, struct v4l2_format), 208 bytes
OUTPUT, NO_FIELD, SRGB = 2, 1, 8


def open_device() -> int:
    """The device, set to YUYV, which most webcams use."""
    device = os.open(DEVICE, os.O_WRONLY)
    yuyv = int.from_bytes(b"YUYV", "little")
    pixels = struct.pack(
        "=8I", WIDTH, HEIGHT, yuyv, NO_FIELD, 2 * WIDTH, 2 * WIDTH * HEIGHT, SRGB, 0
    )
    fcntl.ioctl(device, VIDIOC_S_FMT, struct.pack("=II", OUTPUT, 0) + pixels.ljust(200, b"\0"))
    return device


def scene_now(names: list[str], time_s: float) -> str:
    """The scene to show."""
    try:
        wanted = SCENE.read_text().strip()
    except OSError:
        wanted = names[0]
    if wanted.startswith("cycle "):
        return names[int(time_s / float(wanted.split()[1])) % len(names)]
    return wanted if wanted in names else names[0]


def main() -> None:
    """Shows pictures until it is killed."""
    index = json.loads((HERE / "scenes.json").read_text())
    gray = (HERE / "scenes.gray").read_bytes()
    names, frames = index["names"], index["frames"]
    size = WIDTH * HEIGHT
    picture = bytearray(b"\x80" * (2 * size))
    device = open_device()
    number = 0
    while True:
        at = (names.index(scene_now(names, time.time())) * frames + number % frames) * size
        picture[0::2] = gray[at : at + size]
        os.write(device, picture)
        number += 1
        time.sleep(1 / FRAMES_PER_SECOND)


if __name__ == "__main__":
    main()
