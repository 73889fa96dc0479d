"""Pictures of the data themselves, only for the developer: some faces of each emotion.

    python -m convert.samples --data ../shared/data/fer2013.zip

The faces are real people's, and the rights to the pictures are not stated. So the grids (Arriaga et
al. 2017, figure 1) go to convert/samples/, which git ignores, or anywhere outside this project.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from appliance.records import EMOTIONS
from convert import data
from convert.pictures import DataError

PROJECT = Path(__file__).parent.parent
SAMPLES = Path(__file__).parent / "samples"
ENLARGED = 2  # 48 pixels are small on a screen


def main(arguments: list[str] | None = None) -> int:
    """The command. 0 written, 1 data or folder that cannot be used."""
    parser = argparse.ArgumentParser("convert.samples", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="FER-2013: zip, folder or CSV")
    parser.add_argument("--split", help="only of this one: Training, PublicTest, …")
    parser.add_argument("--count", type=int, default=10, help="faces of each emotion")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=SAMPLES, help="folder; default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        check_folder(options.out)
        faces = data.load_emotions(options.data)
        if options.split:
            faces = data.select_split(faces, options.split)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{options.data.stem}_{options.split or 'all'}.png"
    cv2.imwrite(str(path), grid(faces, options.count, options.seed))
    print(path)
    return 0


def check_folder(folder: Path) -> None:
    """Raises DataError for a folder from which git could take the faces."""
    place = folder.resolve()
    if place.is_relative_to(PROJECT.resolve()) and not place.is_relative_to(SAMPLES.resolve()):
        raise DataError(
            f"{folder}: real people's faces must not lie in the project, except in {SAMPLES}"
        )


def grid(faces: data.Faces, count: int, seed: int) -> npt.NDArray[np.uint8]:
    """A row of random faces for each emotion, in the order of EMOTIONS; black where they run out.

    uint8 (7 × 96, count × 96). count: of faces for each emotion. seed: of the choice.
    """
    order = np.random.default_rng(seed).permutation(len(faces))
    rows = np.zeros((len(EMOTIONS), count, data.SIZE_PX, data.SIZE_PX), np.uint8)
    for label, row in enumerate(rows):
        chosen = faces.images[order[faces.labels[order] == label][:count]]
        row[: len(chosen)] = chosen
    picture = np.vstack([np.hstack(row) for row in rows])
    return np.kron(picture, np.ones((ENLARGED, ENLARGED), np.uint8))


if __name__ == "__main__":
    sys.exit(main())
