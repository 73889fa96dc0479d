"""What several verbs need: the settings in force, and --json."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from appliance.config import boot_partition
from appliance.settings import Settings


def settings_of(chosen: argparse.Namespace) -> Settings:
    """The settings in force for this command. Raises ConfigError."""
    return boot_partition.load(chosen.config, os.environ)


def add_json(verb: argparse.ArgumentParser) -> None:
    """Adds the option --json."""
    verb.add_argument("--json", action="store_true", help="print JSON, for programs")


def print_json(value: Any) -> None:
    """Prints a result for programs."""
    print(json.dumps(value, ensure_ascii=False, indent=2))
