"""The lines of a CSV, each turned into what it stands for."""

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
    """What read makes of each line and its number from 0.

    columns: must be there. read: may raise what int() and numpy raise for a cell that is missing or
    not a number. what: a line stands for, in words. Raises DataError if the file, one of the
    columns or a line cannot be used.
    """
    rows: list[Row] = []
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
