"""The machine and the versions that the figures belong to."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import cv2

from appliance.vision.precision import CPUINFO, processor, runtime

# The abilities of a processor that make a difference to the networks.
TELLING = ("avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd", "asimddp",
           "i8mm")  # fmt: skip
PACKAGES = ("numpy", "opencv-python-headless", "tensorflow-cpu", "tensorflow", "keras")


def describe() -> dict[str, Any]:
    """Processor, its flags that matter, cores, system and versions, as JSON knows them.

    Raises ModelError if no runtime for the networks is installed.
    """
    return {
        "processor": processor(),
        "flags": _flags(),
        "cores": os.cpu_count(),
        "threads": 1,
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "python": platform.python_version(),
        "runtime": runtime(),
        "opencv": cv2.__version__,
        "versions": {name: text for name in PACKAGES if (text := _version(name))},
        "load": round(os.getloadavg()[0], 2),
    }


def _flags() -> list[str]:
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    lines = [line for line in text.splitlines() if line.lower().startswith(("flags", "features"))]
    present = set(lines[0].partition(":")[2].split()) if lines else set()
    return [flag for flag in TELLING if flag in present]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
