"""Where sound can go by PipeWire, which a desktop has in place of ALSA alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from appliance.access import is_socket
from appliance.admin.outputs import Output

SYSTEM = Path("/run/pipewire")  # of a PipeWire for the whole machine
ANSWER_S = 5.0


def pipewire_outputs(environ: Mapping[str, str]) -> list[Output]:
    """The outputs of the PipeWire that this process can reach; none without one."""
    folder = _folder(environ)
    program = shutil.which("pw-dump")
    if folder is None or program is None:
        return []
    try:
        told = subprocess.run(  # noqa: S603  a program of the system, no arguments
            [program],
            capture_output=True,
            timeout=ANSWER_S,
            check=True,
            env={**os.environ, "PIPEWIRE_RUNTIME_DIR": str(folder)},
        ).stdout
        return list(read_dump(json.loads(told), folder))
    except (OSError, ValueError, subprocess.SubprocessError):
        return []


def read_dump(dump: Any, folder: Path) -> Iterator[Output]:
    """The outputs in what `pw-dump` prints."""
    for part in dump:
        properties = (part.get("info") or {}).get("props") or {}
        name = str(properties.get("node.name", ""))
        # mpd.conf is read line by line: a name of several lines would begin another setting.
        if properties.get("media.class") != "Audio/Sink" or not re.fullmatch(r"[\w.:@+-]+", name):
            continue
        shown = str(properties.get("node.description") or name)
        remote = (("remote", str(folder / "pipewire-0")),) if folder == SYSTEM else ()
        conf = (("type", "pipewire"), ("target", name), *remote)
        yield Output(f"pipewire:{name}", " ".join(shown.split()), "pipewire", conf)


def _folder(environ: Mapping[str, str]) -> Path | None:
    """Where PipeWire's socket lies: that of this user, or that of the machine."""
    own = environ.get("PIPEWIRE_RUNTIME_DIR") or environ.get("XDG_RUNTIME_DIR")
    places = [Path(own)] if own else []
    return next((place for place in [*places, SYSTEM] if is_socket(place / "pipewire-0")), None)
