"""Which kind of network file is the faster one on this machine: timed once, then stored.

int8 wins where the processor multiplies bytes (VNNI, ARM's dot product); an older PC, or a runtime
without such kernels, is faster in float32 by up to ten times.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from appliance.process.release import version_of
from appliance.vision.cards import read_card
from appliance.vision.interpreter import runtime_name

log = logging.getLogger("jukebox")

TIMED_S = 0.05  # for all kinds together
CPUINFO = Path("/proc/cpuinfo")

Clock = Callable[[], float]


def fastest(files: Mapping[str, Path], result: Path, clock: Clock = time.perf_counter) -> str:
    """The kind whose file runs fastest.

    files: one of the same emotion network for each kind, with its card. result: a small JSON file
    with what was measured, which holds as long as the machine, the runtime and the files are the
    same; it is written if its folder exists. Raises ModelError if a network, its card or the
    runtime cannot be used.
    """
    present = {kind: path for kind, path in files.items() if os.path.exists(path)}
    if len(present) < 2:
        return next(iter(present or files))
    about = _about(present)
    if (known := _known_kind(result, about)) in present:
        return known
    took_ms = timed(present, clock)
    fastest_kind = min(took_ms, key=lambda kind: took_ms[kind])
    told = ", ".join(f"{kind} {ms:.2f} ms" for kind, ms in took_ms.items())
    log.info("networks: %s is the faster number format here (%s)", fastest_kind, told)
    _write(result, {"kind": fastest_kind, "took_ms": took_ms, "about": about})
    return fastest_kind


def timed(files: Mapping[str, Path], clock: Clock = time.perf_counter) -> dict[str, float]:
    """Milliseconds that each kind takes for a face, the median of at least three runs.

    The kinds run in turn, so that all meet the same noise. Raises ModelError as fastest().
    """
    # By their cards: on half a file tflite-runtime would crash.
    networks = {kind: read_card(path, "emotion").network() for kind, path in files.items()}
    faces = {kind: np.zeros(net.input_shape, np.float32) for kind, net in networks.items()}
    took_s: dict[str, list[float]] = {kind: [] for kind in networks}
    ends_s = clock() + TIMED_S
    while clock() < ends_s or len(next(iter(took_s.values()))) < 3:
        for kind, network in networks.items():
            begun_s = clock()
            network.run(faces[kind])
            took_s[kind].append(clock() - begun_s)
    return {kind: round(1000 * float(np.median(runs_s)), 4) for kind, runs_s in took_s.items()}


def processor() -> str:
    """The name of this machine's processor, or "unknown"."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    pairs = [line.partition(":") for line in lines]
    fields = {name.strip(): text.strip() for name, _, text in pairs}
    return fields.get("model name") or fields.get("Model") or platform.processor() or "unknown"


def runtime() -> str:
    """The package that runs the networks, with its version. Raises ModelError if there is none."""
    name = runtime_name()
    return f"{name.replace('_', '-')} {version_of(name)}".rstrip()


def _about(files: Mapping[str, Path]) -> dict[str, str]:
    """What the times depend on."""
    hashes = {kind: hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in files.items()}
    return {"processor": processor(), "runtime": runtime(), **hashes}


def _known_kind(result: Path, about: Mapping[str, str]) -> str:
    """The kind that was the fastest in the same circumstances, or ""."""
    try:
        known = json.loads(result.read_text(encoding="utf-8"))
        return str(known["kind"]) if known["about"] == about else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # missing or damaged: the kinds are timed again


def _write(result: Path, measured: Mapping[str, object]) -> None:
    try:
        result.write_text(json.dumps(measured), encoding="utf-8")
    except OSError as error:
        log.debug("%s: cannot be written: %s", result, error)
