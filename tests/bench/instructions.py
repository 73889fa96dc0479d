"""Instructions a frame, counted by valgrind: what a change costs, on a machine that is never quiet.

python tests/bench/instructions.py            counts, and compares with instructions.json
python tests/bench/instructions.py --write    keeps the counts as the new budget

Times change with the neighbours and the weather, counts do not (0.02 % from run to run). Each part
is run with few frames and with more; the difference, by frame, leaves the start out. valgrind knows
AVX2 and nothing newer, so these are the instructions of a PC without AVX-512.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2

from appliance import precision, reel
from appliance.bench import machine
from appliance.devices import MODELS, build_faces
from appliance.emotion import EmotionClassifier
from appliance.records import Frame
from appliance.settings import FaceSettings

PROJECT = Path(__file__).resolve().parents[2]
BUDGET = Path(__file__).with_suffix(".json")
TOLERANCE = 0.03
FEW, MORE = 5, 45
PARTS = ("tracked_frame", "classifier", "detector")


def main() -> int:
    """0 within the budget, 1 over it or valgrind is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--run", nargs=2, metavar=("PART", "FRAMES"), help="what valgrind runs")
    asked = parser.parse_args()
    if asked.run:
        _run(asked.run[0], int(asked.run[1]))
        return 0
    if why := missing(anew=asked.write):
        print(why, file=sys.stderr)
        return 1
    counts = {part: count(part) for part in PARTS}
    if asked.write:
        budget = {"runtime": runtime(), "instructions": counts}
        BUDGET.write_text(json.dumps(budget, indent=1) + "\n")
    over = too_many(counts)
    for part, each in counts.items():
        print(f"{part:15}{each:12,} instructions a frame{'  TOO MANY' if part in over else ''}")
    return 1 if over else 0


def missing(*, anew: bool = False) -> str:
    """Why nothing can be counted here, or "". anew: for a new budget, of whatever runtime."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed (apt-get install valgrind)"
    known = json.loads(BUDGET.read_text())["runtime"] if not anew else runtime()
    return "" if known == runtime() else f"the budget is that of {known}, and here is {runtime()}"


def runtime() -> str:
    """What the counts belong to: other versions compile to other instructions."""
    kernels = "AVX2" if "avx2" in machine.describe()["flags"] else "other kernels"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{precision.runtime()}, Python {python}, {kernels}"


def too_many(counts: dict[str, int]) -> list[str]:
    """The parts that take more than the budget and 3 %."""
    budget = json.loads(BUDGET.read_text())["instructions"]
    return [part for part, each in counts.items() if each > budget[part] * (1 + TOLERANCE)]


def count(part: str) -> int:
    """Instructions of one more frame."""
    few, more = (_counted(part, frames) for frames in (FEW, MORE))
    return round((more - few) / (MORE - FEW))


def _counted(part: str, frames: int) -> int:
    """Instructions of a whole process."""
    command = [
        "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
        sys.executable, str(Path(__file__)), "--run", part, str(frames),
    ]  # fmt: skip
    alone = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | alone
    )
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def _run(part: str, frames: int) -> None:
    cv2.setNumThreads(1)
    luma = reel.frame_at(55.0)
    faces = build_faces(FaceSettings(search_every_s=60.0), follow=part != "detector")
    classifier = EmotionClassifier(MODELS / "emotion_float32_single.tflite", in_turn=True)
    found = [faces.find(Frame(n, n / 30, 0.0, luma)) for n in range(3)][-1]
    assert found, "the reel's face is found"
    for number in range(frames):
        frame = Frame(number, 0.1 + number / 30, 0.0, luma)
        seen = classifier.classify(frame, found) if part == "classifier" else faces.find(frame)
        assert len(seen) == 1


if __name__ == "__main__":
    sys.exit(main())
