"""Asks MPD what takes long, in a thread with connections of its own, so that no frame waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from mpd import CommandError, MPDError

from appliance.errors import JukeboxError, PlayerError
from appliance.player.client import Client
from appliance.player.connection import Address

# A network drive that wakes up, or Mopidy with a service behind it, takes some seconds.
PATIENCE_S = 60.0
# What a song's name needs; MPD then tells a song in a third of the bytes.
TAGS = ("Title", "Artist", "Name")

Result = TypeVar("Result")
Question = Callable[[Client], Result]


class Reader:
    """Answers one question after the other, in the order in which they were asked.

    address: tells where MPD is now. patience_s: for so long it waits for each of MPD's answers.
    """

    def __init__(self, address: Callable[[], Address], patience_s: float = PATIENCE_S) -> None:
        self._address = address
        self._patience_s = patience_s
        self._asked: SimpleQueue[tuple[Question[Any], Future[Any]] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._client: Client | None = None  # the one in use

    def ask(self, question: Question[Result]) -> Future[Result]:
        """What the question returns, later.

        The future raises what the question raises; PlayerError, with how long it took, in place of
        the errors of a connection.
        """
        future: Future[Result] = Future()
        if self._thread is None:
            # A daemon: the process must not wait for an MPD that hangs.
            self._thread = Thread(target=self._run, name="reader", daemon=True)
            self._thread.start()
        self._asked.put((question, future))
        return future

    def close(self) -> None:
        """Break off the question under way, and answer no more."""
        if self._thread is None:
            return
        self._asked.put(None)
        if client := self._client:
            client.break_off()
        self._thread.join(1.0)

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            question, future = asked
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._answer(question))
            except BaseException as error:  # noqa: BLE001 - whoever takes the result gets it
                future.set_exception(error)

    def _answer(self, question: Question[Result]) -> Result:
        address, began_s = self._address(), time.monotonic()
        try:
            with closing(_Connected(address, self._patience_s)) as connected:
                self._client = connected.client
                return question(connected.client)
        except (CommandError, JukeboxError):
            raise
        except (MPDError, OSError, UnicodeError) as error:
            took_s = time.monotonic() - began_s
            raise PlayerError(f"MPD at {address}: {error}, after {took_s:.1f} s") from error
        finally:
            self._client = None


class _Connected:
    """A connection for one question."""

    def __init__(self, address: Address, patience_s: float) -> None:
        self.client = Client()
        self.client.timeout = patience_s
        try:
            self.client.connect(address.host, address.port)
            if address.password:
                self.client.password(address.password)
            self.client.limit_tags(*TAGS)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with suppress(MPDError, OSError):
            self.client.disconnect()
