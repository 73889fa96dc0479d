"""Which kind of network file is the faster one on this machine: timed once, then remembered.

int8 wins where the processor multiplies bytes (VNNI, ARM's dot product); an older PC, or a runtime
without such kernels, is faster in float32 by up to ten times.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from appliance.vision.interpreter import Interpreter, runtime_name

log = logging.getLogger("jukebox")

TIMED_S = 0.2  # for all kinds together
CPUINFO = Path("/proc/cpuinfo")

Clock = Callable[[], float]


def fastest(files: Mapping[str, Path], memory: Path, clock: Clock = time.perf_counter) -> str:
    """The kind whose file runs fastest; files: one of the same network for each kind.

    What memory, a small JSON file, says is believed as long as the machine, the runtime and the
    files are the same. It is written where its folder is there. Raises ModelError.
    """
    there = {kind: path for kind, path in files.items() if path.exists()}
    if len(there) < 2:
        return next(iter(there or files))
    about = _about(there)
    if (known := _remembered(memory, about)) in there:
        return known
    took_ms = timed(there, clock)
    kind = min(took_ms, key=lambda each: took_ms[each])
    told = ", ".join(f"{each} {ms:.2f} ms" for each, ms in took_ms.items())
    log.info("networks: %s is the faster kind here (%s)", kind, told)
    _remember(memory, {"kind": kind, "took_ms": took_ms, "about": about})
    return kind


def timed(files: Mapping[str, Path], clock: Clock = time.perf_counter) -> dict[str, float]:
    """Milliseconds of a run of each, the median; taken in turn, so that all meet the same noise."""
    networks = {kind: Interpreter(path) for kind, path in files.items()}
    faces = {kind: np.zeros(each.input_shape, np.float32) for kind, each in networks.items()}
    took_s: dict[str, list[float]] = {kind: [] for kind in networks}
    ends_s = clock() + TIMED_S
    while clock() < ends_s or len(next(iter(took_s.values()))) < 3:
        for kind, network in networks.items():
            begun_s = clock()
            network.run(faces[kind])
            took_s[kind].append(clock() - begun_s)
    return {kind: round(1000 * statistics.median(each), 4) for kind, each in took_s.items()}


def processor() -> str:
    """The name of this machine's processor."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    said = {key.strip(): text.strip() for key, _, text in (line.partition(":") for line in lines)}
    return said.get("model name") or said.get("Model") or platform.processor() or "unknown"


def runtime() -> str:
    """The package that runs the networks, with its version. Raises ModelError."""
    name = runtime_name().replace("_", "-")
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return name


def _about(files: Mapping[str, Path]) -> dict[str, str]:
    hashes = {kind: hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in files.items()}
    return {"processor": processor(), "runtime": runtime(), **hashes}


def _remembered(memory: Path, about: Mapping[str, str]) -> str:
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        return str(known["kind"]) if known["about"] == about else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # not there yet, or damaged: it is timed again


def _remember(memory: Path, what: Mapping[str, object]) -> None:
    try:
        memory.write_text(json.dumps(what), encoding="utf-8")
    except OSError as error:
        log.debug("%s: cannot be written: %s", memory, error)
