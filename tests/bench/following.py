"""Following by the tracker against detection on every frame, on the shared videos.

python tests/bench/following.py [--videos ../shared/data/video] [--json]

Frames are those of the videos at their own rate. `faces`: what the detector finds when it looks in
every frame. `kept`: the share of these that the box, which follows and searches once a second, has
with an overlap (intersection over union) of at least 0.6. `astray`: frames in which it has a face
where the detector has none, and the most of them in a row. `cut`: after how many frames the loss is
noticed when the person is gone from one frame to the next and a table with bottles is there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2

from appliance.build import build_faces
from appliance.records import Box, Face, Frame, GrayImage
from appliance.settings import FaceSettings, Settings

PROJECT = Path(__file__).resolve().parents[2]
VIDEOS = PROJECT.parent / "shared" / "data" / "video"
NOBODY = "bottle-detection.mp4"
ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one video. kept: share of faces; median_overlap: of those that are kept."""

    video: str
    frames: int
    faces: int
    kept: float
    median_overlap: float
    astray: int
    astray_in_a_row: int
    tracks: int


def main() -> int:
    """Prints a line for each video. 1 if there are no videos."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=Path, default=VIDEOS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    videos = sorted(p for p in asked.videos.rglob("*") if p.suffix in {".mkv", ".mp4", ".gif"})
    if not videos:
        print(f"{asked.videos}: no videos", file=sys.stderr)
        return 1
    results = [compare(path.name, list(frames(path))) for path in videos]
    nobody = [frame.luma for frame in frames(next(p for p in videos if p.name == NOBODY))]
    noticed = {p.name: cut(list(frames(p)), nobody) for p in videos if p.suffix == ".mkv"}
    if asked.json:
        print(json.dumps({"videos": [asdict(one) for one in results], "cut": noticed}))
        return 0
    for one in results:
        print(
            f"{one.video:40}{one.frames:5} frames {one.faces:5} faces {one.kept:7.1%} kept, "
            f"overlap {one.median_overlap:.2f}; {one.astray} astray, at most "
            f"{one.astray_in_a_row} in a row; {one.tracks} tracks"
        )
    print("cut:", ", ".join(f"{name} after {count}" for name, count in noticed.items()))
    return 0


def frames(path: Path) -> Iterator[Frame]:
    """The frames of a video with its own times."""
    capture = cv2.VideoCapture(str(path))
    rate, number = capture.get(cv2.CAP_PROP_FPS) or 10.0, 0
    while (read := capture.read())[0]:
        luma = cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY)
        yield Frame(number / rate, 0.0, luma)
        number += 1


def compare(name: str, shown: Sequence[Frame]) -> Figures:
    """The box against detection on every frame."""
    every = build_faces(Settings(faces=FaceSettings(search_every_s=0.0)), follow=False)
    box = build_faces(Settings())
    overlaps, faces, astray, row, longest, tracks = [], 0, 0, 0, 0, set()
    for frame in shown:
        wanted, found = every.find(frame), box.find(frame)
        faces += len(wanted)
        best = [max((overlap(w.box, f.box) for f in found), default=0.0) for w in wanted]
        overlaps += [each for each in best if each >= ENOUGH]
        strays = sum(_is_astray(face, wanted) for face in found)
        astray += strays
        row = row + 1 if strays else 0
        longest = max(longest, row)
        tracks |= {face.track for face in found}
    kept = len(overlaps) / faces if faces else 1.0
    median = sorted(overlaps)[len(overlaps) // 2] if overlaps else 0.0
    return Figures(name, len(shown), faces, kept, median, astray, longest, len(tracks))


def cut(shown: Sequence[Frame], nobody: Sequence[GrayImage]) -> int:
    """How many frames after a cut to a room without people still have a face."""
    box, height = build_faces(Settings()), 0
    for frame in shown:
        box.find(frame)
        assert frame.luma is not None
        height, width = frame.luma.shape
    last = 0
    step_s = shown[1].time_s - shown[0].time_s
    for number, luma in enumerate(nobody[:60], start=1):
        room = cv2.resize(luma, (width, height))
        if box.find(replace(shown[-1], time_s=shown[-1].time_s + number * step_s, luma=room)):
            last = number
    return last


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0, across) * max(0, down)
    return shared / (one.width * one.height + other.width * other.height - shared)


def _is_astray(face: Face, wanted: Sequence[Face]) -> bool:
    return all(overlap(face.box, each.box) < 0.3 for each in wanted)


if __name__ == "__main__":
    sys.exit(main())
