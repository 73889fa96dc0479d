"""Answers on a Unix socket what links play. A process of its own looks each link up."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from appliance.errors import BusyError, JukeboxError
from appliance.process.notify import Notifier
from appliance.resolver.protocol import LONGEST_LINE, Answer, answer_of, answers, own_socket

log = logging.getLogger("jukebox")

LOOKUP_S = 30.0  # a slow board loads yt-dlp in some seconds, a video site takes some more
LOOKUPS_AT_ONCE = 2  # the others wait for their turn
# The player asks again when its song ends, or a minute later if there was nothing else to play
# (decide/policy.py: REFUSED_FOR_S). The address of a video site is good for hours.
ANSWER_KEPT_S = 1800.0


class Resolver:
    """Looks links up and keeps each answer until it was fetched once.

    A client may disconnect and ask again later: the look-up continues meanwhile. Addresses of video
    sites expire, so an answer that was given is forgotten, and the next play asks anew.
    """

    def __init__(self) -> None:
        self._lookups: dict[str, asyncio.Task[Answer]] = {}
        self._slots = asyncio.Semaphore(LOOKUPS_AT_ONCE)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question and close the connection. A bad question is logged, not raised."""
        try:
            link = (await reader.readline()).decode().strip()
            lookup = self._lookups.get(link) or self._begin(link)
            gone = asyncio.ensure_future(reader.read(1))
            await asyncio.wait((lookup, gone), return_when=asyncio.FIRST_COMPLETED)
            if lookup.done():
                writer.write(lookup.result().to_line())
                await writer.drain()
                self._forget(link, lookup)
            gone.cancel()
        except (OSError, ValueError) as error:  # ValueError: a line too long, or not UTF-8
            log.debug("a question could not be answered: %s", error)
        finally:
            writer.close()

    async def close(self) -> None:
        """End all look-ups."""
        lookups = list(self._lookups.values())
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    def _begin(self, link: str) -> asyncio.Task[Answer]:
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
                    start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                return Answer(error=f"it could not be looked up: {error}")
            try:
                async with asyncio.timeout(LOOKUP_S):
                    line, _ = await process.communicate(link.encode())
                return answer_of(line)
            except TimeoutError:
                return Answer(error=f"no answer within {LOOKUP_S:g} s")
            except ValueError:
                return Answer(error="it could not be looked up; the resolver's log says why")
            finally:
                await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a look-up and every process that it started."""
    if process.returncode is None:
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def run(environ: Mapping[str, str], path: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    environ: the environment, which chooses the usual socket; path: of another socket to make, None
    for the usual one. Raises BusyError if a resolver already listens there, and JukeboxError if the
    socket cannot be made there.
    """
    path = path or own_socket(environ)
    if answers(path):
        raise BusyError(f"another resolver already listens at {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Everybody may use the service's socket, because the jukebox runs as another user.
        asyncio.run(_serve(path, 0o666 if "RUNTIME_DIRECTORY" in environ else 0o600))
    except OSError as error:
        raise JukeboxError(
            f"the resolver cannot listen at {path}: {error.strerror or error}; "
            "name another place with --socket"
        ) from error


async def _serve(path: Path, mode: int) -> None:
    resolver, stop = Resolver(), asyncio.Event()
    loop, notifier = asyncio.get_running_loop(), Notifier()
    server = await asyncio.start_unix_server(resolver.serve, path, limit=LONGEST_LINE)
    try:
        path.chmod(mode)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        notifier.ready()
        log.info("answering at %s what links play", path)
        await stop.wait()
        log.info("stopping")
        notifier.stopping()
    finally:
        server.close()
        await resolver.close()
        path.unlink(missing_ok=True)
