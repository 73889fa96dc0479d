"""Pages of the history for the control socket, read in a thread, so that no frame waits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from appliance.decide.phrases import counted
from appliance.errors import ControlError, JukeboxError, UsageError
from appliance.history.files import END_OF_TIME_S
from appliance.history.queries import Entry, Place, Step, What, read_minutes, read_page
from appliance.remote.control_line import LONGEST_LINE, encode
from appliance.remote.messages import Answer

PAGE = 1000  # rows
MINUTES = 250  # rows of a page with the seconds of each mood, of up to 240 bytes each
PAGE_BYTES = LONGEST_LINE - 1024  # leaves room for what stands around the rows
MOST_WAITING = 16

Outcome = Answer | JukeboxError
Receive = Callable[[Outcome], None]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows a client wants: those of [from, to), of one kind or all, from a place on.

    step: minutes, added up to this, in place of entries; after is then the "at" of a row.
    """

    from_unix_s: float
    to_unix_s: float
    what: What | None
    after: Place | str | None
    step: Step | None = None

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> PageRequest:
        """The request in a client's arguments. Raises UsageError."""
        what, after = arguments.get("what"), arguments.get("after")
        begin, end = range_of("history", arguments)
        if what in get_args(Step):
            return cls(begin, end, None, str(after or "")[:32], cast(Step, what))
        if what is not None and what not in get_args(What):
            known = ", ".join((*get_args(What), *get_args(Step)))
            raise UsageError(f"history: what must be one of {known}")
        return cls(begin, end, what, None if after is None else _place(after))


class HistoryReader:
    """Reads one page after the other in a thread of its own, with connections of its own."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, "history")
        self._asked: list[tuple[Future[Answer], Receive]] = []

    def ask(self, wanted: PageRequest, receive: Receive) -> None:
        """Begins to read a page; deliver() hands it to receive. Raises ControlError if too busy."""
        if len(self._asked) >= MOST_WAITING:
            raise ControlError("too many others read the history; try again in a moment")
        page = self._thread.submit(_read, self._database, wanted)
        self._asked.append((page, receive))

    def wait_for(
        self, result: Future[Result], words: Callable[[Result], Answer], receive: Receive
    ) -> None:
        """Lets deliver() hand over another result in words, too, once it is known."""
        answer: Future[Answer] = Future()

        def done(known: Future[Result]) -> None:
            if error := known.exception():
                answer.set_exception(error)
            else:
                answer.set_result(words(known.result()))

        result.add_done_callback(done)
        self._asked.append((answer, receive))

    def deliver(self) -> None:
        """Hands over the pages that have been read."""
        done = [asked for asked in self._asked if asked[0].done()]
        self._asked = [asked for asked in self._asked if not asked[0].done()]
        for page, receive in done:
            try:
                outcome: Outcome = page.result()
            except JukeboxError as error:
                outcome = error
            receive(outcome)

    def close(self) -> None:
        """Reads no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _read(database: Path, wanted: PageRequest) -> Answer:
    if wanted.step is not None:
        return _read_minutes(database, wanted, wanted.step)
    assert not isinstance(wanted.after, str)  # noqa: S101 - PageRequest.of() made it
    found = read_page(
        database,
        from_unix_s=wanted.from_unix_s,
        to_unix_s=wanted.to_unix_s,
        what=wanted.what,
        after=wanted.after,
        limit=PAGE + 1,  # one more tells whether another page follows
    )
    rows = list(_fitting(found))
    more = len(rows) < len(found)
    return Answer(
        counted(len(rows), "row") + (", and more follow" * more),
        {
            "rows": [asdict(entry) for entry, _ in rows],
            "next": str(rows[-1][1]) if more else None,
        },
    )


def _read_minutes(database: Path, wanted: PageRequest, step: Step) -> Answer:
    found = read_minutes(
        database,
        step,
        from_unix_s=wanted.from_unix_s,
        to_unix_s=wanted.to_unix_s,
        after=str(wanted.after),
        limit=MINUTES + 1,
    )
    rows, more = found[:MINUTES], len(found) > MINUTES
    return Answer(
        counted(len(rows), "row") + (", and more follow" * more),
        {"rows": rows, "next": rows[-1]["at"] if more else None},
    )


def _fitting(found: list[tuple[Entry, Place]]) -> Iterator[tuple[Entry, Place]]:
    """As many rows as a page and a line may have; at least one."""
    size = 0
    for number, (entry, place) in enumerate(found[:PAGE]):
        size += len(encode(asdict(entry)))
        if number and size > PAGE_BYTES:
            return
        yield entry, place


def range_of(word: str, arguments: dict[str, Any]) -> tuple[float, float]:
    """The time from and to which a client names; all of it where it names none.

    Raises UsageError.
    """
    begin = _moment(word, arguments, "from", 0.0)
    end = _moment(word, arguments, "to", END_OF_TIME_S)
    if begin > end:
        raise UsageError(f"{word}: from must be before to")
    return begin, end


def _moment(word: str, arguments: dict[str, Any], name: str, default_s: float) -> float:
    text = arguments.get(name)
    if text is None:
        return default_s
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return min(max(moment.timestamp(), 0.0), END_OF_TIME_S)
    except (TypeError, ValueError, OverflowError):
        pass
    raise UsageError(f"{word}: {name} must be a time in UTC, such as 2026-11-23T18:04:05Z")


def _place(text: object) -> Place:
    """The place that the answer before named. Raises UsageError."""
    found = re.fullmatch(r"([\dTZ:-]{20}) (mood|play|touch) (\d{1,18})", str(text), re.ASCII)
    if found is None:
        raise UsageError("history: after must be what the answer before gave as next")
    return Place(found[1], cast(What, found[2]), int(found[3]))
