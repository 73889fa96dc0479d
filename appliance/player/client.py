"""python-mpd2's client with what it lacks: waiting without blocking, getting on with Mopidy."""

from __future__ import annotations

import select
from collections.abc import Mapping
from contextlib import suppress

from mpd import CommandError, FailureResponseCode, MPDClient, MPDError

Status = Mapping[str, str]  # MPD's answer to "status"

# What MPD is asked to tell of; database: its music was read anew.
SUBSYSTEMS = ("player", "playlist", "mixer", "options", "message", "database")


class Client(MPDClient):  # type: ignore[misc]  # python-mpd2 has no types
    """A client that can wait for changes beside other work, and that closes what broke."""

    def begin_idle(self) -> None:
        """Ask MPD to tell when something changes, without waiting for it."""
        self._write_command("idle", SUBSYSTEMS)

    def end_idle(self) -> list[str]:
        """What changed since. Must be called before any other command."""
        # Where MPD has told already, it passes over the noidle: there is one answer either way.
        self._write_command("noidle")
        return [str(name) for name in self._parse_list(self._read_lines())]

    @property
    def is_readable(self) -> bool:
        """Whether MPD has said something, or hung up."""
        return bool(select.select([self], [], [], 0)[0])

    def state(self) -> Status:
        """MPD's status, with "duration" and "elapsed" also where only "time" tells them."""
        status: dict[str, str] = self.status()
        if "time" in status and "duration" not in status:  # Mopidy
            elapsed, _, duration = status["time"].partition(":")
            # Of a stream it says 0.
            known = {"duration": duration} if duration not in ("", "0") else {}
            status = {"elapsed": elapsed, **known, **status}
        return status

    def _read_line(self) -> str | None:
        try:
            line: str | None = super()._read_line()
        except UnicodeError:
            raise
        except ValueError as error:
            # Mopidy says "ACK [0@0]" to what it lacks, a number that python-mpd2 stumbles over.
            number = FailureResponseCode.UNKNOWN.value
            raise CommandError(f"[{number}@0] {{command}} the server has no such thing") from error
        return line

    def _reset(self) -> None:
        # 3.1.1 only forgets a connection that it could not write to; on Python 3.13 the forgotten
        # file then complains on stderr that it could not be flushed.
        for part in ("_wfile", "_rbfile", "_sock"):
            with suppress(AttributeError, MPDError, OSError):  # not connected, or broken
                getattr(self, part).close()
        super()._reset()
