"""What several verbs need: the settings in force, and --json."""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.config import boot_partition
from appliance.errors import JukeboxError
from appliance.settings import Settings

LAST_PORT = 65535


def settings_of(chosen: argparse.Namespace) -> Settings:
    """The settings in force for this command. Raises ConfigError."""
    return boot_partition.load(chosen.config, os.environ)


def count(word: str) -> int:
    """The type of an option that is a whole number from 1 on."""
    if (number := int(word)) < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {word}")
    return number


def port(word: str) -> int:
    """The type of an option that is a TCP port; 0 is any that is free."""
    if not 0 <= (number := int(word)) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"must be from 0 to {LAST_PORT}, not {word}")
    return number


def more_than_nothing(word: str) -> float:
    """The type of an option that is a number above 0."""
    if not 0 < (number := float(word)) < math.inf:
        raise argparse.ArgumentTypeError(f"must be more than 0, not {word}")
    return number


def seconds(word: str) -> float:
    """The type of an option that is a length of time, as more_than_nothing()."""
    return more_than_nothing(word)


def file_ending(*endings: str) -> Callable[[str], Path]:
    """The type of an option that names a file of one kind, such as ".svg", which is written."""

    def named(word: str) -> Path:
        if Path(word).suffix.lower() not in endings:
            known = " or ".join(endings)
            raise argparse.ArgumentTypeError(f"{word} is not the name of a {known} file")
        return Path(word)

    return named


def add_json(verb: argparse.ArgumentParser) -> None:
    """Adds the option --json."""
    verb.add_argument("--json", action="store_true", help="print JSON, for programs")


def print_json(value: Any) -> None:
    """Prints a result for programs."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def write_whole(file: Path, text: str) -> None:
    """Writes a file as a whole, or leaves the one that is there. Raises JukeboxError."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise JukeboxError(f"{file} cannot be written: {error.strerror}") from error
