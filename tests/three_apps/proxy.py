"""A way to MPD on which everything that a client asks for is written down."""

from __future__ import annotations

import re
import select
import shlex
import socket
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from three_apps.records import Command

QUERIES = {
    "close", "commands", "currentsong", "idle", "listplaylist", "listplaylistinfo", "listplaylists",
    "lsinfo", "noidle", "notcommands", "outputs", "password", "ping", "playlistid", "playlistinfo",
    "plchanges", "plchangesposid", "readmessages", "stats", "status", "sticker", "subscribe",
    "unsubscribe", "urlhandlers", "listall", "listallinfo", "find", "playlistfind", "tagtypes",
}  # fmt: skip


class Proxy:
    """Listens at the path, passes everything on to MPD, and hands each accepted command over."""

    def __init__(
        self,
        who: str,
        path: Path,
        mpd: Path,
        record: Callable[[Command], None],
        clock: Callable[[], float],
    ) -> None:
        self._who, self._mpd, self._record, self._clock = who, mpd, record, clock
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        conversation = Conversation(self._who, self._record)
        with client, socket.socket(socket.AF_UNIX) as server:
            try:
                server.connect(str(self._mpd))
                while True:
                    for readable in select.select([client, server], [], [])[0]:
                        data = readable.recv(65536)
                        if not data:
                            return
                        if readable is client:
                            conversation.asks(data, self._clock())
                            server.sendall(data)
                        else:
                            conversation.answers(data, self._clock())
                            client.sendall(data)
            except OSError:  # one of them has hung up
                return


class Conversation:
    """Puts the questions and the answers of one connection together."""

    def __init__(self, who: str, record: Callable[[Command], None]) -> None:
        self._who, self._record = who, record
        self._asked = self._answered = b""
        self._list: list[tuple[str, ...]] | None = None  # a command list that is being sent
        self._waiting: deque[tuple[float, list[tuple[str, ...]]]] = deque()
        self._ids: list[str] = []
        self._greeted = False

    def asks(self, data: bytes, time_s: float) -> None:
        *lines, self._asked = (self._asked + data).split(b"\n")
        for line in lines:
            words = tuple(shlex.split(line.decode()))
            if words[0].startswith("command_list_") and words[0] != "command_list_end":
                self._list = []
            elif words[0] == "command_list_end":
                self._waiting.append((time_s, self._list or []))
                self._list = None
            elif self._list is not None:
                self._list.append(words)
            elif words[0] != "noidle":  # which has no answer of its own
                self._waiting.append((time_s, [words]))

    def answers(self, data: bytes, time_s: float) -> None:
        *lines, self._answered = (self._answered + data).split(b"\n")
        for raw in lines:
            line = raw.decode()
            if not self._greeted:
                self._greeted = True
            elif line.startswith("Id: "):
                self._ids.append(line[4:])
            elif line == "OK" or line.startswith("ACK "):
                self._close(line, time_s)

    def _close(self, line: str, time_s: float) -> None:
        sent_s, group = self._waiting.popleft()
        if line != "OK":  # ACK [5@1]: the commands before number 1 were carried out
            group = group[: int(re.search(r"@(\d+)]", line)[1])]
        ids = iter(self._ids)
        for words in group:
            song_id = next(ids, "") if words[0] == "addid" else ""
            if words[0] not in QUERIES:
                self._record(Command(self._who, sent_s, time_s, words, song_id))
        self._ids = []
