"""Answers on Unix sockets what links play. A process of its own looks each link up."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from appliance.errors import BusyError, JukeboxError
from appliance.process.door import Door, open_door
from appliance.process.listen import take_passed_sockets
from appliance.process.notify import Notifier
from appliance.resolver.owners_links import OwnersLinks
from appliance.resolver.protocol import (
    LONGEST_LINE,
    LONGEST_LINK,
    ONLY_LINKS,
    PAGE_SOCKET,
    Answer,
    answer_of,
    answers,
    is_link,
    own_socket,
)

log = logging.getLogger("jukebox")

LOOKUP_S = 30.0  # a slow board loads yt-dlp in some seconds, a video site takes some more
LOOKUPS_AT_ONCE = 2  # the others wait for their turn
# The player asks again when its song ends, or a minute later if there was nothing else to play
# (decide/policy.py: REFUSED_FOR_S). The address of a video site is good for hours.
ANSWER_KEPT_S = 1800.0
MOST_LOOKUPS = 32  # under way, or with an answer that waits: some links of each mood
MOST_CLIENTS = 16  # at each socket; the player asks one question at a time
QUESTION_S = 5.0  # a client that connects and says nothing
STAY_S = 60.0  # with its question; the page waits 35 s

Allowed = Callable[[str], bool]


class Resolver:
    """Looks links up and keeps each answer until it was fetched once.

    A client may disconnect and ask again later: the look-up continues meanwhile. Addresses of video
    sites expire, so an answer that was given is forgotten, and the next play asks anew.
    """

    def __init__(self) -> None:
        self._lookups: dict[str, asyncio.Task[Answer]] = {}
        self._slots = asyncio.Semaphore(LOOKUPS_AT_ONCE)

    async def serve(
        self, allowed: Allowed, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answers one question. Raises OSError or ValueError if it is none.

        allowed: whether a link may be looked up for this client.
        """
        async with asyncio.timeout(QUESTION_S):
            link = (await reader.readline()).decode().strip()
        if not is_link(link) or not allowed(link):
            # A link goes to MPD as it is, as if there were no resolver.
            answer = Answer(uri=link) if is_link(link) else Answer(error=ONLY_LINKS)
            writer.write(answer.to_line())
            return
        lookup = self._lookups.get(link) or self._begin(link)
        if lookup is None:
            return  # without an answer, the client asks again later
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait((lookup, gone), return_when=asyncio.FIRST_COMPLETED)
            if lookup.done():
                writer.write(lookup.result().to_line())
                await writer.drain()
                self._forget(link, lookup)
        finally:
            gone.cancel()

    async def close(self) -> None:
        """End all look-ups."""
        lookups = list(self._lookups.values())
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    def _begin(self, link: str) -> asyncio.Task[Answer] | None:
        """Begins a look-up; None if there is no room for it."""
        if len(self._lookups) >= MOST_LOOKUPS:
            fetched_by_nobody = (link for link, task in self._lookups.items() if task.done())
            if (oldest := next(fetched_by_nobody, None)) is None:
                return None
            del self._lookups[oldest]
        lookup = self._lookups[link] = asyncio.create_task(self._look_up(link))
        loop = asyncio.get_running_loop()
        lookup.add_done_callback(
            lambda _: loop.call_later(ANSWER_KEPT_S, self._forget, link, lookup)
        )
        return lookup

    def _forget(self, link: str, lookup: asyncio.Task[Answer]) -> None:
        if self._lookups.get(link) is lookup:
            del self._lookups[link]

    async def _look_up(self, link: str) -> Answer:
        async with self._slots:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "appliance.resolver.lookup",
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                    limit=LONGEST_LINE, start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                return Answer(error=f"it could not be looked up: {error}")
            try:
                async with asyncio.timeout(LOOKUP_S):
                    return answer_of(await _ask(process, link))
            except TimeoutError:
                return Answer(error=f"no answer within {LOOKUP_S:g} s")
            except (OSError, ValueError):
                return Answer(error="it could not be looked up; the resolver's log says why")
            finally:
                await _end(process)


async def _ask(process: asyncio.subprocess.Process, link: str) -> bytes:
    """The line with which a look-up answers. Raises ValueError if it is too long."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - PIPE
    process.stdin.write(link.encode())
    process.stdin.close()
    return await process.stdout.readline()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a look-up and every process that it started."""
    if process.returncode is None:
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def run(
    environ: MutableMapping[str, str], path: Path | None = None, sources: Path | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, at the sockets of systemd or at one of this process's own.

    environ: the environment, which chooses the usual socket; path: of another socket to make, None
    for the usual one. sources: where the owner's links stand, to which systemd's sockets but the
    page's are confined; None allows all. Raises BusyError if a resolver already listens there, and
    JukeboxError if the socket cannot be made there.
    """
    if path is None and (passed := take_passed_sockets(environ)):
        owners = OwnersLinks(sources).has if sources else _everything
        asyncio.run(_serve([(found, _allowed_at(found, owners)) for found in passed]))
        return
    path = path or own_socket(environ)
    if answers(path):
        raise BusyError(f"another resolver already listens at {path}")
    with _own(path) as made:
        asyncio.run(_serve([(made, OwnersLinks(sources).has if sources else _everything)]))


def _everything(_link: str) -> bool:
    return True


def _allowed_at(listener: socket.socket, owners: Allowed) -> Allowed:
    """People type links into the page, and it sees no faces."""
    return _everything if listener.getsockname() == str(PAGE_SOCKET) else owners


@contextmanager
def _own(path: Path) -> Iterator[socket.socket]:
    """A socket for this user alone, not yet listening; removed at the end. Raises JukeboxError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.is_socket():
            path.unlink()  # of a resolver that was killed
        os.fchmod(made.fileno(), 0o600)  # before bind(), so that nobody else can ever connect
        made.bind(str(path))
    except OSError as error:
        made.close()
        raise JukeboxError(
            f"the resolver cannot listen at {path}: {error.strerror or error}; "
            "name another place with --socket"
        ) from error
    try:
        yield made
    finally:
        path.unlink(missing_ok=True)


async def _serve(sockets: Sequence[tuple[socket.socket, Allowed]]) -> None:
    resolver, stop = Resolver(), asyncio.Event()
    loop, notifier = asyncio.get_running_loop(), Notifier()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    doors = [
        await open_door(
            Door(partial(resolver.serve, allowed), MOST_CLIENTS, STAY_S), listener, LONGEST_LINK
        )
        for listener, allowed in sockets
    ]
    try:
        notifier.ready()
        places = " and ".join(str(listener.getsockname()) for listener, _ in sockets)
        log.info("answering at %s what links play", places)
        await stop.wait()
        log.info("stopping")
        notifier.stopping()
    finally:
        for door in doors:
            door.close()
        await resolver.close()
