"""Following by the tracker against detection on every frame, on the shared videos.

python tests/bench/following.py [--videos ../shared/data/video] [--json]

Frames are those of the videos at their own rate. `faces`: what the detector finds when it searches
every frame. `kept`: the share of these faces that the jukebox, which follows and searches once a
second, has with an overlap (intersection over union) of at least 0.6. `drifted`: faces that the
jukebox has where the detector has none, and the most frames in a row with one. `cut`: after how
many frames the loss is noticed when the person is gone from one frame to the next and a table with
bottles is there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import cv2

from appliance.build import build_faces
from appliance.images import chroma_of_bgr
from appliance.records import Box, Face, Frame, GrayImage
from appliance.settings import FaceSettings, Settings

PROJECT = Path(__file__).resolve().parents[2]
VIDEOS = PROJECT.parent / "shared" / "data" / "video"
NOBODY = "bottle-detection.mp4"
ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted in one video. kept: share of faces; median_overlap: of the kept faces."""

    video: str
    frames: int
    faces: int
    kept: float
    median_overlap: float
    drifted: int
    drifted_in_a_row: int
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
        print(json.dumps({"videos": [asdict(figures) for figures in results], "cut": noticed}))
        return 0
    for video in results:
        print(
            f"{video.video:40}{video.frames:5} frames {video.faces:5} faces {video.kept:7.1%} kept"
            f", overlap {video.median_overlap:.2f}; {video.drifted} drifted, at most "
            f"{video.drifted_in_a_row} in a row; {video.tracks} tracks"
        )
    print("cut:", ", ".join(f"{name} after {count}" for name, count in noticed.items()))
    return 0


def frames(path: Path) -> Iterator[Frame]:
    """The frames of a video with its own times."""
    capture = cv2.VideoCapture(str(path))
    rate, number = capture.get(cv2.CAP_PROP_FPS) or 10.0, 0
    while (read := capture.read())[0]:
        luma = cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY)
        yield Frame(number / rate, 0.0, luma, partial(chroma_of_bgr, read[1]))
        number += 1


def compare(name: str, shown: Sequence[Frame]) -> Figures:
    """The jukebox against detection on every frame."""
    every = build_faces(Settings(faces=FaceSettings(search_every_s=0.0)), follow=False)
    following = build_faces(Settings())
    overlaps, faces, drifted, row, longest, tracks = [], 0, 0, 0, 0, set()
    for frame in shown:
        wanted, found = every.find(frame), following.find(frame)
        faces += len(wanted)
        best = [max((overlap(w.box, f.box) for f in found), default=0.0) for w in wanted]
        overlaps += [share for share in best if share >= ENOUGH]
        drifted_now = sum(_has_drifted(face, wanted) for face in found)
        drifted += drifted_now
        row = row + 1 if drifted_now else 0
        longest = max(longest, row)
        tracks |= {face.track for face in found}
    kept = len(overlaps) / faces if faces else 1.0
    median = sorted(overlaps)[len(overlaps) // 2] if overlaps else 0.0
    return Figures(name, len(shown), faces, kept, median, drifted, longest, len(tracks))


def cut(shown: Sequence[Frame], nobody: Sequence[GrayImage]) -> int:
    """How many frames after a cut to a room without people still have a face."""
    following, height = build_faces(Settings()), 0
    for frame in shown:
        following.find(frame)
        assert frame.luma is not None
        height, width = frame.luma.shape
    last = 0
    step_s = shown[1].time_s - shown[0].time_s
    for number, luma in enumerate(nobody[:60], start=1):
        room = cv2.resize(luma, (width, height))
        time_s = shown[-1].time_s + number * step_s
        if following.find(replace(shown[-1], time_s=time_s, luma=room)):
            last = number
    return last


def overlap(first: Box, second: Box) -> float:
    """Intersection over union."""
    across = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
    down = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
    shared = max(0, across) * max(0, down)
    return shared / (first.width * first.height + second.width * second.height - shared)


def _has_drifted(face: Face, wanted: Sequence[Face]) -> bool:
    return all(overlap(face.box, other.box) < 0.3 for other in wanted)


if __name__ == "__main__":
    sys.exit(main())
