"""What must outlive this process besides the history: small JSON files beside the database."""

from __future__ import annotations

import errno
import json
import logging
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from threading import RLock
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

from appliance.errors import why_failed
from appliance.wishes import Wishes

log = logging.getLogger("jukebox")

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class PersistentState(Wishes):
    """What people asked of the jukebox: of the music (Wishes), and of the camera.

    camera_off: somebody wants the camera off. off_hours: whether the camera's off hours said so,
    too, at that time.
    """

    camera_off: bool = False
    off_hours: bool = False


def state_file(database: Path) -> StateFile[PersistentState]:
    """What people asked of the jukebox with this database.

    Earlier versions keep it in the player's file. That file counts where it is the newer one: at
    the first start, and after somebody went back to an earlier version for a while.
    """
    return StateFile(
        database.with_suffix(".state.json"), PersistentState(), earlier=player_file(database)
    )


def player_file(database: Path) -> Path:
    """The file in which the player of the jukebox with this database keeps its state."""
    return database.with_suffix(".player.json")


class StateFile(Generic[State]):
    """A dataclass of plain values, kept in a JSON file. Keys of other versions stay in the file.

    kept: the present values. path: the file; None keeps the values only while this process lives.
    default: the values where the file has none. earlier: the file in which earlier versions keep
    the same fields; its values count where it is newer than path, or path cannot be read.
    """

    def __init__(self, path: Path | None, default: State, earlier: Path | None = None) -> None:
        self._path = path
        self._changing = RLock()  # the player's threads keep what they have done, too
        self._unsaved = False  # the file could not be written, and the log says so
        self._other_keys = _read(path) if path is not None else {}
        self.kept = _fitting(default, self._other_keys)
        if path is None or earlier is None:
            return
        if not self._other_keys or _changed_ns(earlier) > _changed_ns(path):
            # The owner of that file warns if it cannot be read.
            self.kept = _fitting(self.kept, _read(earlier, warn=False))

    @property
    def outlives(self) -> bool:
        """Whether the state is kept in a file."""
        return self._path is not None

    @property
    def saved(self) -> bool:
        """Whether the file holds the present state; False while it cannot be written."""
        return not self._unsaved

    def keep(self, *, durable: bool = True, **changes: Any) -> None:
        """Changes fields of the state. durable: also for a power cut in the next seconds."""
        with self._changing:
            kept = replace(self.kept, **changes)  # type: ignore[type-var]  # State is a dataclass
            if kept == self.kept and not self._unsaved:
                return
            self.kept = kept
            self._save(durable=durable)

    def keep_for_earlier_versions(self, **values: Any) -> None:
        """Changes keys that only earlier versions read. To be deleted after one more release."""
        with self._changing:
            if self._other_keys.items() >= values.items() and not self._unsaved:
                return
            self._other_keys |= values
            self._save(durable=True)

    def _save(self, *, durable: bool) -> None:
        if self._path is None:
            return
        try:
            _write(self._path, json.dumps(self._other_keys | asdict(self.kept)), durable=durable)  # type: ignore[call-overload]
        except OSError as error:
            if not self._unsaved:
                # A full disk has its warning from the history, which lies beside this file.
                log.log(
                    logging.INFO if error.errno == errno.ENOSPC else logging.WARNING,
                    "%s cannot be written: %s; it is tried again, and until then what it should "
                    "keep is lost at a restart",
                    self._path,
                    error.strerror,
                )
            self._unsaved = True
        else:
            if self._unsaved:
                log.info("%s is written again", self._path)
            self._unsaved = False


def _changed_ns(path: Path) -> int:
    """When the file was changed last; 0 if it does not exist."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _read(path: Path, *, warn: bool = True) -> dict[str, Any]:
    """The content of the file; nothing if it does not exist or cannot be understood."""
    level = logging.WARNING if warn else logging.DEBUG
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
        log.log(level, "%s is not a JSON object, so it is ignored", path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError) as error:
        log.log(level, "%s cannot be read, so it is ignored: %s", path, why_failed(error))
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
    if get_origin(hint) is Literal:
        return value in get_args(hint)
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
