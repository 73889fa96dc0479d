"""Make the starter music again.

python -m music [EMOTION | EMOTION/NAME]…   (without a name: all)

It writes music/<emotion>/<name>.opus and cover.png and prints README.md's table of tracks. It needs
fluidsynth, fluid-soundfont-gm and ffmpeg, and about two minutes for all tracks on two cores.
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
    """Make the wanted tracks, print their rows and return the exit code: 1 if no score is wanted.

    wanted: each entry is an emotion or emotion/name; an empty list means all scores. Raises
    ValueError if a score does not fit together, RuntimeError if fluidsynth or ffmpeg is missing or
    fails.
    """
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
    """Make one track and its cover, and return its row of the table."""
    folder = MUSIC / score.emotion
    folder.mkdir(exist_ok=True)
    cover = cover_png(score.emotion)
    (folder / "cover.png").write_bytes(cover)
    level = render(score, cover, folder / f"{score.name}.opus", work)
    key_and_tempo = f"{score.key} {score.mode} | {score.bpm:g}"
    measured = f"{level.duration_s:.0f} s | {level.loudness:.1f} | {level.true_peak:.1f}"
    return f"| {score.emotion} | {score.title} | {key_and_tempo} | {measured} |"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (RuntimeError, ValueError) as error:
        sys.exit(str(error))
