"""Which /dev/video* is a camera."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.camera import devices
from appliance.camera.devices import Capability
from appliance.errors import CameraError

PI_4 = {
    "video10": Capability("bcm2835-codec", "bcm2835-codec-decode", "platform:x", 0x04204000),
    "video13": Capability("bcm2835-isp", "bcm2835-isp", "platform:bcm2835-isp", 0x04200002),
    "video14": Capability("bcm2835-isp", "bcm2835-isp", "platform:bcm2835-isp", 0x04200001),
    "video16": Capability("bcm2835-isp", "bcm2835-isp", "platform:bcm2835-isp", 0x04A00000),
    "video0": Capability("unicam", "unicam", "platform:fe801000.csi", 0x05200001),
}
WEBCAM = {
    "video3": Capability("uvcvideo", "HD Webcam C525", "usb-0000:01:00.0-1.3", 0x04200001),
    "video4": Capability("uvcvideo", "HD Webcam C525", "usb-0000:01:00.0-1.3", 0x04A00000),
}
OLD_CODEC = {"video1": Capability("coda", "CODA960", "platform:coda", 0x0420C003)}
LOOPBACK = {"video2": Capability("v4l2 loopback", "Dummy", "platform:v4l2loopback-000", 0x05200003)}


def dev_folder(folder: Path, nodes: dict[str, Any]) -> Callable[[Path], Capability]:
    for name in nodes:
        (folder / name).touch()

    def ask(node: Path) -> Capability:
        if isinstance(nodes[node.name], Exception):
            raise nodes[node.name]
        return nodes[node.name]

    return ask


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (PI_4 | WEBCAM, "video3"),
        (LOOPBACK | WEBCAM, "video3"),  # a real camera before a program's pictures
        (PI_4 | LOOPBACK, "video2"),
        (OLD_CODEC | LOOPBACK, "video2"),
        (WEBCAM | {"video1": OSError(25, "not a V4L2 device")}, "video3"),
        (WEBCAM | {"video1": PermissionError(13, "denied")}, "video3"),
    ],
)
def test_codecs_and_metadata_nodes_are_not_cameras(
    nodes: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    found = devices.cameras(tmp_path, dev_folder(tmp_path, nodes))
    assert found[0][0].name == expected


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ({}, "no camera plugged in"),
        (PI_4, "no camera among the 5 nodes"),
        ({"video0": PermissionError(13, "denied")}, "add the user to group video: sudo usermod"),
    ],
)
def test_a_missing_camera_is_explained(
    nodes: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(CameraError, match=sentence):
        devices.cameras(tmp_path, dev_folder(tmp_path, nodes))


def test_the_flags_are_those_of_the_node_not_of_the_device() -> None:
    answer = struct.pack(
        "=16s32s32sIII12x", b"uvcvideo", b"HD Webcam", b"usb-1", 0x60100, 0x84A00001, 0x04A00000
    )
    assert devices.parse(answer) == Capability("uvcvideo", "HD Webcam", "usb-1", 0x04A00000)
    assert not devices.parse(answer).is_camera()


def test_a_node_that_is_not_a_device_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    with pytest.raises(OSError, match="ioctl"):
        devices.query(tmp_path / "video0")
