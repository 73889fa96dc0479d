"""What must outlive this process besides the history: small JSON files beside the database."""

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

    asleep: the sleep timer ran out. camera_off: somebody wants the camera off. off_hours: whether
    the camera's off hours said so, too, at that time.
    """

    asleep: bool = False
    camera_off: bool = False
    off_hours: bool = False


def state_file(database: Path) -> StateFile[PersistentState]:
    """What people asked of the jukebox with this database.

    At the first start it takes over what an earlier version kept in the player's file.
    """
    return StateFile(
        database.with_suffix(".state.json"), PersistentState(), first_from=player_file(database)
    )


def player_file(database: Path) -> Path:
    """The file in which the player of the jukebox with this database keeps its state."""
    return database.with_suffix(".player.json")


class StateFile(Generic[State]):
    """A dataclass of plain values, kept in a JSON file. Keys of other versions stay in the file.

    kept: the present values. path: the file; None keeps the values only while this process lives.
    default: the values where the file has none. first_from: another file, which is read, and left
    as it is, where path does not exist.
    """

    def __init__(self, path: Path | None, default: State, first_from: Path | None = None) -> None:
        self._path = path
        self._warned = False
        self._other_keys: dict[str, Any] = {}
        if path is not None and first_from is not None and not os.path.exists(path):
            self.kept = _fitting(default, _read(first_from))
        else:
            self._other_keys = _read(path) if path is not None else {}
            self.kept = _fitting(default, self._other_keys)

    @property
    def outlives(self) -> bool:
        """Whether the state is kept in a file."""
        return self._path is not None

    def keep(self, *, durable: bool = True, **changes: Any) -> None:
        """Changes fields of the state. durable: also for a power cut in the next seconds."""
        kept = replace(self.kept, **changes)  # type: ignore[type-var]  # State is a dataclass
        if kept == self.kept:
            return
        self.kept = kept
        if self._path is None:
            return
        try:
            _write(self._path, json.dumps(self._other_keys | asdict(kept)), durable=durable)  # type: ignore[call-overload]
        except OSError as error:
            if not self._warned:
                log.warning(
                    "%s cannot be written: %s; what it should keep is lost at the next start",
                    self._path,
                    error.strerror,
                )
            self._warned = True


def _read(path: Path) -> dict[str, Any]:
    """The content of the file; nothing if it does not exist or cannot be understood."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
        log.warning("%s is not a JSON object; it is ignored and written again", path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read: %s; it is ignored and written again", path, error)
    return {}


def _fitting(default: State, found: dict[str, Any]) -> State:
    """The state with the values found; the default if any of them has the wrong type."""
    hints = get_type_hints(type(default))
    known = {field.name for field in fields(default)}  # type: ignore[arg-type]
    values = {name: value for name, value in found.items() if name in known}
    if all(_fits(value, hints[name]) for name, value in values.items()):
        return replace(default, **values)  # type: ignore[type-var]
    return default


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
