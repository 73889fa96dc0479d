"""What the rig found: a table for people, JSON for programs, and whether every claim is true."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Report:
    """Is written again after each line, so that a run that is cut off leaves what it found."""

    file: Path
    claims: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    began_s: float = field(default_factory=time.monotonic)

    def claim(self, text: str, holds: bool, found: object = "") -> None:
        """Adds a line: whether this is true, and what was found."""
        self.claims.append({"claim": text, "holds": holds, "found": str(found)})
        self._say(f"{'holds ' if holds else 'FAILED'} {text:64} {found}")

    def figure(self, name: str, value: object, unit: str = "") -> None:
        """Adds a measured value."""
        self.figures[name] = value
        self._say(f"figure {name:64} {value} {unit}")

    @property
    def all_hold(self) -> bool:
        """Whether there were claims, and none was violated."""
        return bool(self.claims) and all(claim["holds"] for claim in self.claims)

    def _say(self, line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self.began_s:6.0f} s  {line}\n")
        sys.stdout.flush()
        self.file.write_text(
            json.dumps({"figures": self.figures, "claims": self.claims}, indent=1) + "\n"
        )
