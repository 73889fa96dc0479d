"""Make the starter music anew.

python -m music [EMOTION | EMOTION/NAME]…   (nothing named: all)

Writes music/<emotion>/<name>.opus and cover.png and prints README.md's table of tracks. Needs
fluidsynth, fluid-soundfont-gm and ffmpeg; about two minutes for all on two cores.
"""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from music.covers import cover_png
from music.proof import complaints
from music.render import render
from music.score import Score, read_scores

MUSIC = Path(__file__).parent


def main(wanted: list[str]) -> int:
    """Exit code. wanted: emotions, or emotion/name; nothing is everything."""
    scores = [score for score in read_scores() if _is_wanted(score, wanted)]
    for score in scores:
        for complaint in complaints(score):
            print(f"{score.emotion}/{score.name}: {complaint}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(max_workers=2) as pool:
        for row in pool.map(lambda score: _make(score, Path(work)), scores):
            print(row, flush=True)
    return 0 if scores else 1


def _is_wanted(score: Score, wanted: list[str]) -> bool:
    return not wanted or score.emotion in wanted or f"{score.emotion}/{score.name}" in wanted


def _make(score: Score, work: Path) -> str:
    """Make one track and its cover. Returns its row of the table."""
    folder = MUSIC / score.emotion
    folder.mkdir(exist_ok=True)
    cover = cover_png(score.emotion)
    (folder / "cover.png").write_bytes(cover)
    level = render(score, cover, folder / f"{score.name}.opus", work)
    cues = f"{score.key} {score.mode} | {score.bpm:g}"
    measured = f"{level.duration_s:.0f} s | {level.loudness:.1f} | {level.true_peak:.1f}"
    return f"| {score.emotion} | {score.title} | {cues} | {measured} |"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (RuntimeError, ValueError) as error:
        sys.exit(str(error))
