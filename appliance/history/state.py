"""What must outlive this process besides the history: small JSON files beside it."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

log = logging.getLogger("jukebox")

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class PersistentState:
    """What people asked of the jukebox.

    asleep: the sleep timer ran out. camera_off: somebody wants the camera off, and off_hours:
    whether it was off by its hours at that time.
    """

    asleep: bool = False
    camera_off: bool = False
    off_hours: bool = False


def state_file(database: Path) -> StateFile[PersistentState]:
    """The file of the jukebox with this database.

    At its first start it takes over what an earlier version kept in the player's file.
    """
    before = player_file(database)
    return StateFile(database.with_suffix(".state.json"), PersistentState(), before)


def player_file(database: Path) -> Path:
    """Where the player of the jukebox with this database keeps its state."""
    return database.with_suffix(".player.json")


class StateFile(Generic[State]):
    """A dataclass of plain values, kept in a JSON file. Keys of other versions stay in the file.

    path: None to keep it only as long as this process lives. empty: the values where nothing was
    kept. before: the file to begin from where path does not exist.
    """

    def __init__(self, path: Path | None, empty: State, before: Path | None = None) -> None:
        self._path = path
        self._warned = False
        source = before if path and before and not path.exists() else path
        self._found = _read(source) if source else {}
        self.kept = _fitting(empty, self._found)
        if source is not path:
            self._found = {}

    @property
    def outlives(self) -> bool:
        """Whether the state is kept in a file."""
        return self._path is not None

    def keep(self, *, durable: bool = True, **changes: Any) -> None:
        """Change fields of the state. durable: also for a power cut in the next seconds."""
        kept = replace(self.kept, **changes)  # type: ignore[type-var]  # State is a dataclass
        if kept == self.kept:
            return
        self.kept = kept
        if self._path is None:
            return
        try:
            _write(self._path, json.dumps(self._found | asdict(kept)), durable=durable)  # type: ignore[call-overload]
        except OSError as error:
            if not self._warned:
                log.warning(
                    "%s cannot be written: %s; what it should keep is forgotten at the next start",
                    self._path,
                    error.strerror,
                )
            self._warned = True


def _read(path: Path) -> dict[str, Any]:
    """What was kept; nothing where the file does not exist or cannot be understood."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
        log.warning("%s cannot be read and begins anew: it is not a JSON object", path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read and begins anew: %s", path, error)
    return {}


def _fitting(empty: State, found: dict[str, Any]) -> State:
    """The state with what was found; empty if any value has the wrong type."""
    hints = get_type_hints(type(empty))
    known = {field.name for field in fields(empty)}  # type: ignore[arg-type]
    values = {name: value for name, value in found.items() if name in known}
    if all(_fits(value, hints[name]) for name, value in values.items()):
        return replace(empty, **values)  # type: ignore[type-var]
    return empty


def _fits(value: object, hint: Any) -> bool:
    kinds = get_args(hint) if get_origin(hint) is not dict else (dict,)
    kinds = kinds or (hint,)
    if float in kinds:
        kinds += (int,)
    return type(value) in kinds


def _write(path: Path, text: str, *, durable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    part.replace(path)
