"""Which devices are paired. Each has a long random token, of which only a hash is kept."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from appliance.errors import why_failed

log = logging.getLogger("jukebox")

LONGEST_NAME = 40
MOST_DEVICES = 100


@dataclass(frozen=True, slots=True)
class Device:
    """A paired device. name: as its owner called it. paired, seen: days, such as 2026-11-30."""

    id: str
    name: str
    token_hash: str
    paired: str
    seen: str


class Devices:
    """The paired devices, kept in a file that only this user may read; None: kept in memory."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._by_hash = {device.token_hash: device for device in _read(file)}

    @property
    def all(self) -> list[Device]:
        """All paired devices, the oldest first."""
        return list(self._by_hash.values())

    def pair(self, name: str, today: str) -> tuple[Device, str]:
        """A new device and its token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        name = " ".join(name.split())[:LONGEST_NAME] or "?"
        device = Device(secrets.token_hex(4), name, _hash(token), today, today)
        self._by_hash[device.token_hash] = device
        while len(self._by_hash) > MOST_DEVICES:  # the one that was not seen for longest goes
            oldest = min(self.all, key=lambda other: other.seen)
            del self._by_hash[oldest.token_hash]
        self._write()
        log.info("paired: %s", device.name)
        return device, token

    def find(self, token: str, today: str) -> Device | None:
        """The device with this token, which is noted as seen today."""
        device = self._by_hash.get(_hash(token)) if token else None
        if device is not None and device.seen != today:
            device = self._by_hash[device.token_hash] = replace(device, seen=today)
            self._write()
        return device

    def revoke(self, number: str) -> Device | None:
        """The device with this id, which is paired no more; None if there is none."""
        device = next((other for other in self.all if other.id == number), None)
        if device is not None:
            del self._by_hash[device.token_hash]
            self._write()
            log.info("no longer paired: %s", device.name)
        return device

    def _write(self) -> None:
        """Replaces the file in one step. On a full disk the devices stay known until the end."""
        if self._file is None:
            return
        part = self._file.with_suffix(".part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.touch(mode=0o600)
            part.write_text(json.dumps([asdict(device) for device in self.all]), encoding="utf-8")
            part.replace(self._file)
        except OSError as error:
            log.warning("%s: paired devices cannot be kept: %s", self._file, why_failed(error))


def _hash(token: str) -> str:
    # A token of 256 random bits needs no slow hash: nobody can try them all.
    return hashlib.sha256(token.encode()).hexdigest()


def _read(file: Path | None) -> list[Device]:
    if file is None:
        return []
    try:
        return [Device(**device) for device in json.loads(file.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        log.warning("%s: cannot be read, so no device is paired: %s", file, why_failed(error))
        return []
