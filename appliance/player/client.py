"""python-mpd2's client with what it lacks: waiting without blocking, names in any bytes, Mopidy."""

from __future__ import annotations

import re
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress

from mpd import CommandError, FailureResponseCode, MPDClient, MPDError
from mpd import ConnectionError as MpdConnectionError

Status = Mapping[str, str]  # MPD's answer to "status"

# The changes that MPD is asked to report; database: it has read its music anew; sticker: a like or
# a skip; output: one was switched on or off. MPD 0.23 forgets what it could report but was not
# asked for at the next "idle", so it is always asked for all of these.
SUBSYSTEMS = (
    "player", "playlist", "mixer", "options", "message", "database", "stored_playlist", "sticker",
    "output",
)  # fmt: skip

# MPD hangs up where one answer is longer than its max_output_buffer_size. The smallest that people
# set, 64 KB, holds so many places of the queue.
PLACES_AT_ONCE = 2000

# Bytes that no MPD sends, which hangs up after 8 MB unless its owner has allowed more. A server
# that is none could fill the memory with a line or an answer that never ends. Each line costs 64
# bytes more.
LONGEST_LINE = 1 << 16
LONGEST_ANSWER = 1 << 26

PLACE, SONG_ID = re.compile(r"cpos: (\d+)\n"), re.compile(r"Id: (\d+)\n")


class Client(MPDClient):  # type: ignore[misc]  # python-mpd2 has no types
    """A client that can wait for changes beside other work, and that closes a broken connection.

    A name that is not UTF-8, as in a Latin-1 playlist, comes with its bytes as surrogates (PEP 383)
    and goes back to MPD as the same bytes. Its methods raise MPDError or OSError, as those of
    MPDClient do. volume_is_lent: no output that is on has a volume; MPD then tells that of one that
    is off.
    """

    volume_is_lent = False
    _secret = ""
    _tags: tuple[str, ...] | None = None
    _answer_bytes = 0  # so far

    def connect(self, host: str, port: int | None = None, timeout: float | None = None) -> None:
        """Connect, and let names through whose bytes are not UTF-8."""
        self._place = host, port
        super().connect(host, port, timeout)
        self._wfile.reconfigure(errors="surrogateescape")

    def password(self, secret: str) -> None:
        """Send the password, and note it for reconnect()."""
        self._secret = secret
        super().password(secret)

    def limit_tags(self, *tags: str) -> None:
        """Let MPD tell no more of songs than these tags, so that its answers are short."""
        self._tags = tags
        with suppress(CommandError):  # Mopidy has no such command
            self.tagtypes("clear")
            self.tagtypes("enable", *tags)

    def reconnect(self) -> None:
        """Connect to the same MPD again, which has hung up."""
        with suppress(MPDError, OSError):
            self.disconnect()
        self.connect(*self._place)
        if self._secret:
            self.password(self._secret)
        if self._tags:
            self.limit_tags(*self._tags)

    def break_off(self) -> None:
        """Let another thread's wait for an answer end at once, with an error there."""
        with suppress(AttributeError, MPDError, OSError):  # it is not connected any more
            self._sock.shutdown(socket.SHUT_RDWR)

    def begin_idle(self) -> None:
        """Ask MPD to report the next change, without waiting for it."""
        self._write_command("idle", SUBSYSTEMS)

    def end_idle(self) -> list[str]:
        """The subsystems that changed since begin_idle(). Call it before any other command."""
        # If MPD has reported already, it ignores "noidle": there is one answer either way.
        self._write_command("noidle")
        return [str(name) for name in self._parse_list(self._read_lines())]

    @property
    def is_mopidy(self) -> bool:
        """Whether the server is Mopidy, which speaks a protocol that MPD gave up in 2013."""
        return str(self.mpd_version).startswith("0.19.")

    @property
    def tells_parts_of_playlists(self) -> bool:
        """Whether a stored playlist can be asked for in parts: MPD 0.24."""
        major, minor = str(self.mpd_version).split(".")[:2]
        return (int(major), int(minor)) >= (0, 24)

    @property
    def is_readable(self) -> bool:
        """Whether MPD has sent something or closed the connection."""
        return bool(select.select([self], [], [], 0)[0])

    def state(self) -> Status:
        """MPD's status, without a volume that nobody hears.

        It has "duration" and "elapsed" also where the server tells only "time".
        """
        status: dict[str, str] = self.status()
        if self.volume_is_lent:
            status.pop("volume", None)
        if "time" in status and "duration" not in status:  # Mopidy
            elapsed, _, duration = status["time"].partition(":")
            # A stream has a duration of 0.
            known = {"duration": duration} if duration not in ("", "0") else {}
            status = {"elapsed": elapsed, **known, **status}
        return status

    def changed_places(self, version: str, length: int) -> Iterator[tuple[int, list[str]]]:
        """Where the queue has other songs since a version: first places of runs, and their ids.

        length: of the queue. Version "0" gives all places. Raises CommandError.
        """
        # A queue of 20,000 takes a tenth of the time that python-mpd2's plchangesposid() needs.
        windows = [
            f"{first}:{first + PLACES_AT_ONCE}" for first in range(0, length, PLACES_AT_ONCE)
        ]
        last = windows.pop().partition(":")[0] if windows else "0"
        for window in (*windows, f"{last}:"):  # the queue may have grown meanwhile
            # Mopidy tells no parts, and has no limit.
            places = [] if self.is_mopidy else [window]
            self._write_command("plchangesposid", [version, *places])
            yield from _runs(self._read_whole())
            if self.is_mopidy:
                return

    def _read_whole(self) -> str:
        """A whole answer without its "OK", for answers of thousands of lines."""
        answer = b""
        while not answer.endswith(b"\nOK\n") and answer != b"OK\n":
            part = self._rbfile.read1(1 << 18)
            answer += part
            if answer.startswith(b"ACK ") and answer.endswith(b"\n"):
                raise _refusal(answer.decode(errors="replace").strip().removeprefix("ACK "))
            if not part or len(answer) > LONGEST_ANSWER:
                self.disconnect()
                raise MpdConnectionError("Connection lost while reading line")
        return answer.removesuffix(b"OK\n").decode()

    def music_directory(self) -> str:
        """Where MPD's music lies, as MPD names it: a path or a link; "" if it does not tell.

        MPD tells it over a Unix socket, to those with the permission "admin". Raises CommandError.
        """
        # python-mpd2's config() gives None where MPD 0.24 tells more than this.
        self._write_command("config")
        answer: dict[str, str] = dict(self._parse_pairs(self._read_lines()))
        return answer.get("music_directory", "")

    def _read_line(self) -> str | None:
        """The next line of an answer, None at its end; MPDClient's insists on UTF-8."""
        line: str = self._rbfile.readline(LONGEST_LINE).decode(errors="surrogateescape")
        self._answer_bytes += len(line) + 64
        if not line.endswith("\n") or self._answer_bytes > LONGEST_ANSWER:
            self.disconnect()
            raise MpdConnectionError("Connection lost while reading line")
        line = line.removesuffix("\n")
        if line in ("OK", "list_OK") or line.startswith("ACK "):
            self._answer_bytes = 0
        if line.startswith("ACK "):
            raise _refusal(line.removeprefix("ACK "))
        return None if line in ("OK", "list_OK") else line

    def _reset(self) -> None:
        # python-mpd2 3.1.1 does not close a connection that it could not write to; on Python 3.13
        # the file then complains on stderr that it could not be flushed.
        for part in ("_wfile", "_rbfile", "_sock"):
            with suppress(AttributeError, MPDError, OSError):  # not connected, or broken
                getattr(self, part).close()
        self._answer_bytes = 0
        super()._reset()


def _runs(answer: str) -> Iterator[tuple[int, list[str]]]:
    """The first place and the ids of each run in an answer to "plchangesposid"."""
    ids = SONG_ID.findall(answer)
    if not ids:
        return
    first = int(answer[len("cpos: ") : answer.index("\n")])
    last = int(answer[answer.rindex("cpos: ") :].split()[1])
    if last - first + 1 == len(ids):  # as after most changes
        yield first, ids
        return
    for place, song_id in zip(PLACE.findall(answer), ids, strict=True):
        yield int(place), [song_id]


def _refusal(text: str) -> CommandError:
    try:
        return CommandError(text)
    except ValueError:
        # Mopidy answers "ACK [0@0]" to a command that it lacks; python-mpd2 knows no error 0.
        number = FailureResponseCode.UNKNOWN.value
        return CommandError(f"[{number}@0] {{command}} the server lacks this command")
