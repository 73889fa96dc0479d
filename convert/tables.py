"""The lines of a CSV, each made into what it stands for."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from convert.pictures import DataError

Row = TypeVar("Row")


def read_rows(
    path: Path, columns: Sequence[str], read: Callable[[int, dict[str, str]], Row], what: str
) -> list[Row]:
    """What read makes of each line and its number from 0; what: in words. Raises DataError.

    read may raise what int() and numpy raise for a cell that is no number or is not there.
    """
    rows = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            # Kaggle has the same table with a space before each name.
            reader = csv.DictReader(file, skipinitialspace=True)
            if missing := set(columns) - set(reader.fieldnames or ()):
                raise DataError(f"{path}: columns missing: {', '.join(sorted(missing))}")
            for number, line in enumerate(reader):
                try:
                    rows.append(read(number, line))
                except (ValueError, AttributeError, TypeError, OverflowError) as error:
                    raise DataError(f"{path}: line {number + 2} is not {what}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a CSV ({error})") from error
    return rows
