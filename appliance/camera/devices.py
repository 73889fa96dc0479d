"""Which of the /dev/video* nodes are cameras.

A Raspberry Pi has a dozen nodes for its codec and image processor, none of which is a camera;
every USB webcam has a second node for metadata. The kernel tells them apart: VIDIOC_QUERYCAP of
https://docs.kernel.org/userspace-api/media/v4l/vidioc-querycap.html
"""

from __future__ import annotations

import fcntl
import getpass
import os
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import CameraError

VIDIOC_QUERYCAP = 0x80685600  # _IOR('V', 0, struct v4l2_capability), 104 bytes
# _IOWR('V', 4, struct v4l2_format): 208 bytes with pointers of 64 bits, else 204. It begins with
# the type of buffer, width, height, pixel format, field, bytes per line and bytes of a picture.
IS_64_BIT = struct.calcsize("P") == 8
VIDIOC_G_FMT = 0xC0D05604 if IS_64_BIT else 0xC0CC5604
FORMAT = struct.Struct("=I 4x 6I" if IS_64_BIT else "=I 6I")
CAPTURED = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
CAPABILITY = struct.Struct("=16s 32s 32s 3I 3I")  # driver, card, bus, version, all, this node, …

VIDEO_CAPTURE = 0x00000001
VIDEO_M2M = 0x00008000 | 0x00004000  # codecs and scalers: memory to memory
DEVICE_CAPS = 0x80000000

# These nodes capture raw sensor data, or what a program feeds them: the Pi's image processors and
# sensor receivers (their cameras are read through picamera2), and those of Intel laptops.
NOT_A_CAMERA = ("bcm2835-isp", "bcm2835-codec", "pispbe", "unicam", "rp1-cfe", "ipu", "isys")


@dataclass(frozen=True, slots=True)
class Capability:
    """What a node says about itself. flags: those of this node, not of the whole device."""

    driver: str
    card: str
    bus: str
    flags: int

    def is_camera(self) -> bool:
        """Whether the node gives pictures of a room."""
        return (
            bool(self.flags & VIDEO_CAPTURE)
            and not self.flags & VIDEO_M2M
            and not self.driver.startswith(NOT_A_CAMERA)
        )


def query(node: Path) -> Capability:
    """What the kernel says about a node. Raises OSError if it is not a V4L2 device or not ours."""
    answer = bytearray(CAPABILITY.size)
    descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, VIDIOC_QUERYCAP, answer)
    finally:
        os.close(descriptor)
    return parse(bytes(answer))


def bytes_per_line(node: str) -> int:
    """How long a line of an open camera's pictures is in memory; 0 if the kernel does not tell.

    It may be longer than the line's pixels: some hardware wants lines of a multiple of 64 bytes.
    """
    answer = bytearray(208)
    FORMAT.pack_into(answer, 0, CAPTURED, 0, 0, 0, 0, 0, 0)
    try:
        descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(descriptor, VIDIOC_G_FMT, answer)
        finally:
            os.close(descriptor)
    except OSError:
        return 0
    return int(FORMAT.unpack_from(answer)[5])


def parse(answer: bytes) -> Capability:
    """The kernel's struct v4l2_capability, 104 bytes, as a record."""
    driver, card, bus, _version, device, node, *_ = CAPABILITY.unpack(answer)
    return Capability(
        _text(driver), _text(card), _text(bus), flags=node if device & DEVICE_CAPS else device
    )


def cameras(
    folder: Path = Path("/dev"), ask: Callable[[Path], Capability] = query
) -> list[tuple[Path, Capability]]:
    """The cameras with their nodes, USB ones first.

    Raises CameraError if there is none: nothing is plugged in, no node is a camera, or the user may
    not open them.
    """
    found, forbidden, nodes = [], [], _nodes(folder)
    for node in nodes:
        try:
            capability = ask(node)
        except PermissionError:
            forbidden.append(node)
        except OSError:
            continue  # unplugged meanwhile, or not a V4L2 device
        else:
            if capability.is_camera():
                found.append((node, capability))
    if found:
        return sorted(found, key=lambda item: not item[1].bus.startswith("usb"))
    if forbidden:
        raise permission_denied(str(forbidden[0]))
    if nodes:
        raise CameraError(f"no camera among the {len(nodes)} nodes {folder}/video*")
    raise CameraError(f"no camera plugged in ({folder}/video* does not exist)")


def first() -> str:
    """The path of the best camera. Raises CameraError as cameras()."""
    return str(cameras()[0][0])


def describe_first() -> str:
    """The best camera in words. Raises CameraError as cameras()."""
    node, capability = cameras()[0]
    return f"{capability.card} at {node}"


def permission_denied(node: str) -> CameraError:
    """The error for a camera that this user may not open."""
    return CameraError(
        f"{node}: permission denied; add the user to group video:"
        f" sudo usermod -aG video {_user()}, then log in again"
    )


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode(errors="replace")


def _nodes(folder: Path) -> list[Path]:
    numbered = [(re.fullmatch(r"video(\d+)", path.name), path) for path in folder.glob("video*")]
    return [path for _, path in sorted((int(m[1]), path) for m, path in numbered if m)]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a numeric user without a name, as systemd's DynamicUser has
        return "NAME"
