"""The packages that only sorting needs: where they lie, and how to get them there.

An update makes the environment anew, so they lie beside it: on an installed jukebox beside the
releases, in a checkout in run/. They come last in the search, so the versions that the jukebox was
tested with stay in force.
"""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import requires, version
from pathlib import Path

import appliance


def use(cache: Path) -> None:
    """Makes the packages importable. cache: a folder for what librosa compiles at its first use."""
    sys.path.append(str(folder(_code())))
    # Without it numba wants to write beside the packages or in the user's home. An installed
    # jukebox may do neither, and the import fails.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache))


def how_to_install() -> str:
    """The command that installs them for the program that asks."""
    code = _code()
    sudo = "sudo " if _is_release(code) else ""
    # Of one version, or pip would choose others for a newer numpy than the one in force.
    packages = " ".join(f"'{name}'" for name in (*_requirements(), f"numpy=={version('numpy')}"))
    return f"{sudo}{sys.executable} -m pip install --target {folder(code)} {packages}"


def folder(code: Path) -> Path:
    """Where they lie. code: the folder that holds the package appliance."""
    place = code.parents[1] if _is_release(code) else code / "run"
    return place / "sort" / f"python{sys.version_info.major}.{sys.version_info.minor}"


def _code() -> Path:
    return Path(appliance.__file__).resolve().parents[1]


def _is_release(code: Path) -> bool:
    return code.parent.name == "releases"  # /opt/jukebox/releases/N


def _requirements() -> list[str]:
    """Such as "librosa>=0.11": the extra "sort" in pyproject.toml."""
    all_of_them = requires("emotional-jukebox") or []
    found = (re.fullmatch(r"""([^;]+?) *; *extra == ["']sort["']""", one) for one in all_of_them)
    return [match[1] for match in found if match]
