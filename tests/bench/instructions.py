"""Instructions a frame, counted by valgrind: what a change costs, even on a busy machine.

python tests/bench/instructions.py            counts, and compares with instructions.json
python tests/bench/instructions.py --write    stores the counts as the new budget

Times change with whatever else runs, counts do not (0.02 % from run to run). valgrind knows AVX2
and nothing newer, so these are the instructions of a PC without AVX-512.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2

from appliance.bench import machine
from appliance.build import MODELS, build_faces
from appliance.camera import reel
from appliance.records import Frame
from appliance.settings import EmotionSettings, FaceSettings, Settings
from appliance.vision import precision
from appliance.vision.emotion import EmotionClassifier

PROJECT = Path(__file__).resolve().parents[2]
BUDGET = Path(__file__).with_suffix(".json")
TOLERANCE = 0.03
WARM_UP, FRAMES = 5, 12
PARTS = ("tracked_frame", "classifier", "detector")


def main() -> int:
    """Prints the counts. 1 if one is over its budget, or if nothing can be counted here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--run", action="store_true", help="what valgrind runs")
    asked = parser.parse_args()
    if asked.run:
        _run()
        return 0
    if why := missing(new_budget=asked.write):
        print(why, file=sys.stderr)
        return 1
    counts = count()
    if asked.write:
        budget = {"runtime": runtime(), "instructions": counts}
        BUDGET.write_text(json.dumps(budget, indent=1) + "\n")
    over = too_many(counts)
    for part, instructions in counts.items():
        mark = "  TOO MANY" if part in over else ""
        print(f"{part:15}{instructions:12,} instructions a frame{mark}")
    return 1 if over else 0


def missing(*, new_budget: bool = False) -> str:
    """Why nothing can be counted here, or "". new_budget: whether the runtime may be any."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed (apt-get install valgrind)"
    known = json.loads(BUDGET.read_text())["runtime"] if not new_budget else runtime()
    return "" if known == runtime() else f"the budget is that of {known}, and here is {runtime()}"


def runtime() -> str:
    """What the counts hold for: other versions compile to other instructions."""
    kernels = "AVX2" if "avx2" in machine.describe()["flags"] else "other kernels"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{precision.runtime()}, Python {python}, {kernels}"


def too_many(counts: dict[str, int]) -> list[str]:
    """The parts that take more than the budget and 3 %."""
    budget = json.loads(BUDGET.read_text())["instructions"]
    return [part for part, number in counts.items() if number > budget[part] * (1 + TOLERANCE)]


def count() -> dict[str, int]:
    """Instructions of one more frame of each part.

    One process runs them all, and valgrind starts a new count at every mark: between the two marks
    of a part it counts the frames of that part alone.
    """
    alone = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    with tempfile.TemporaryDirectory(prefix="jukebox-instructions-") as folder:
        command = [
            "valgrind", "--tool=callgrind", "--dump-before=getppid",
            f"--callgrind-out-file={folder}/counted", sys.executable, str(Path(__file__)), "--run",
        ]  # fmt: skip
        subprocess.run(command, capture_output=True, check=True, env=os.environ | alone)
        # counted.1 goes to the first mark, counted.2 from there to the second.
        ends = [Path(folder, f"counted.{2 * number + 2}") for number in range(len(PARTS))]
        counts = [
            int(re.search(r"^totals: (\d+)", end.read_text(), re.MULTILINE)[1]) for end in ends
        ]
    return {part: round(number / FRAMES) for part, number in zip(PARTS, counts, strict=True)}


def _run() -> None:
    cv2.setNumThreads(1)
    luma = reel.frame_at(75.0)
    settings = Settings(
        faces=FaceSettings(search_every_s=60.0), emotion=EmotionSettings(precision="float32")
    )
    tracking, searching = (build_faces(settings, follow=follow) for follow in (True, False))
    classifier = EmotionClassifier(MODELS / "emotion_float32_single.tflite", in_turn=True)
    found = [tracking.find(Frame(n / 30, 0.0, luma)) for n in range(3)][-1]
    assert found, "the reel's face is found"
    work: dict[str, Callable[[Frame], tuple]] = {
        "tracked_frame": tracking.find,
        "classifier": lambda frame: classifier.classify(frame, found),
        "detector": searching.find,
    }
    for part in PARTS:
        for number in range(WARM_UP + FRAMES):
            if number == WARM_UP:
                os.getppid()  # the mark
            seen = work[part](Frame(0.1 + number / 30, 0.0, luma))
            assert len(seen) == 1
        os.getppid()


if __name__ == "__main__":
    sys.exit(main())
