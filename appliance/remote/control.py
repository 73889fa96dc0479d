"""The control socket: programs ask the running jukebox, and hear what changes (docs/control.md).

The loop serves it between two frames. Nothing here waits for a client, and a step does a bounded
amount of work, whatever clients send: read `ControlServer.serve`.
"""

from __future__ import annotations

import logging
import select
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from typing import Any

from appliance.config.writing import as_dict
from appliance.errors import ControlError, JukeboxError, UsageError
from appliance.process.release import this_version
from appliance.records import Step
from appliance.remote import control_line as lines
from appliance.remote.control_connection import Connection
from appliance.remote.control_events import Event, Events
from appliance.remote.control_history import HistoryReader, Outcome, PageRequest
from appliance.remote.control_house import ABOUT_HOUSE, check_known, wanted_of_room
from appliance.remote.control_later import begin
from appliance.remote.control_socket import Listener
from appliance.remote.control_teaching import Teaching
from appliance.remote.controls import Controls
from appliance.remote.messages import WORDS, Answer, as_message, understand
from appliance.remote.status import Status

log = logging.getLogger("jukebox")

MOST_CLIENTS = 32
NEW_CLIENTS_PER_STEP = 8
# What a step may answer: so many bytes of requests, of which each counts as some thousand at least.
BYTES_PER_STEP = 64 * 1024
LEAST_COST = 4 * 1024
ONLY_HERE = (
    "house",
    "rooms",
    "broker",
    "subscribe",
    "settings",
    "reload",
    "history",
    "forget",
    "scan",
    "view",
    "explain",
    "teach",
)
CHANGES_NOTHING = {"status", "why"}


class ControlServer:
    """Serves those who connect to the listeners; without listeners, it does nothing."""

    def __init__(
        self, listeners: Iterable[Listener] = (), history: HistoryReader | None = None
    ) -> None:
        self._listeners = list(listeners)
        self._history = history
        self._clients: deque[Connection] = deque()
        self._events = Events()
        self._steps = 0
        self._greeting = lines.greeting(this_version()) if self._listeners else b""
        self._logged = ""  # what was asked for last
        self._visitors = select.poll()
        for listener in self._listeners:
            listener.socket.setblocking(False)
            self._visitors.register(listener.socket, select.POLLIN)

    def serve(self, step: Step, controls: Controls) -> None:
        """Does what is due after a step: greets, reads, answers and sends, each without waiting."""
        self._steps += 1
        if self._visitors.poll(0):
            self._greet()
        if not self._clients:
            return  # nearly always
        if self._history is not None:
            self._history.deliver()
        for client in self._clients:
            client.receive()
        self._answer(step, controls)
        for client in self._clients:
            client.flush()
        self._forget()

    def wait(self, seconds: float) -> None:
        """Waits so long, or until a client connects or sends something."""
        clients = [client.awaited for client in self._clients]
        sockets = [*(listener.socket for listener in self._listeners), *filter(None, clients)]
        if sockets:
            select.select(sockets, [], [], seconds)
        else:
            time.sleep(seconds)

    def tell_change(self, status: Status) -> None:
        """Tells subscribers what has changed since the status before."""
        for event in self._events.of_change(status):
            self._tell(event)

    def tell(self, name: str, /, **more: Any) -> None:
        """Tells subscribers of an event."""
        self._tell(self._events.make(name, more))

    def close(self) -> None:
        """Ends all connections and stops listening."""
        for client in self._clients:
            client.close()
        self._clients.clear()
        for listener in self._listeners:
            listener.close()
        if self._history is not None:
            self._history.close()

    def _greet(self) -> None:
        for listener in self._listeners:
            for _ in range(NEW_CLIENTS_PER_STEP):
                try:
                    client, _address = listener.socket.accept()
                except OSError:  # nobody waits; or they have gone; or too many files are open
                    break
                self._make_room()
                self._clients.append(Connection(client, self._steps))
                self._clients[-1].send(self._greeting)

    def _make_room(self) -> None:
        """Where there are too many clients, those go that have asked nothing for longest."""
        if len(self._clients) < MOST_CLIENTS:
            return
        idlest = min(self._clients, key=lambda client: client.rank)
        idlest.send(
            lines.refusal(None, "refused", f"there are more than {MOST_CLIENTS} connections")
        )
        idlest.close()
        self._clients.remove(idlest)

    def _answer(self, step: Step, controls: Controls) -> None:
        """Answers requests, one of each client in turn, as many as a step may take."""
        left = BYTES_PER_STEP
        in_turn = deque(self._clients)
        turns = 0
        while in_turn and left > 0:
            client = in_turn.popleft()
            turns += 1
            try:
                line = client.next_line()
            except UsageError as error:
                client.send(lines.refusal(None, "usage", str(error)))
                continue
            if line is None or client.gone:
                continue
            left -= max(len(line), LEAST_COST)
            client.active = self._steps
            self._answer_line(client, line, step, controls)
            in_turn.append(client)
        self._clients.rotate(-turns)  # the next step goes on with those who had no turn

    def _answer_line(self, client: Connection, line: bytes, step: Step, controls: Controls) -> None:
        try:
            request = lines.read_request(line)
        except lines.BadRequestError as error:
            client.send(lines.refusal(error.id, "usage", str(error)))
            return
        try:
            done = self._do(client, request, step, controls)
        except JukeboxError as error:
            client.send(_refusal(request.id, error))
        else:
            if done is not None:
                client.send(lines.answer(request.id, done.text, done.data))

    def _do(
        self, client: Connection, request: lines.Request, step: Step, controls: Controls
    ) -> Answer | None:
        """The answer to a request; None if it comes later. Raises JukeboxError."""
        match request.word:
            case "subscribe":
                client.subscribed = True
                status = controls.status()
                return Answer(status.sentence(), asdict(status) | {"seq": self._events.seq})
            case "settings" | "reload":
                return _settings(request.word, controls)
            case word if word in ABOUT_HOUSE:
                return self._hear_of_house(request, step, controls)
            case "teach" if (asked := Teaching.of(request.arguments)).what != "forget":
                return asked.answer(step, controls)
            case word if word in WORDS:
                message = as_message(word, request.arguments)
                action = understand(message)
                self._log(message)
                return action(step, controls)
            case "history" | "forget" | "scan" | "view" | "explain" | "teach":
                self._begin(client, request, step, controls)
            case unknown:
                known = ", ".join((*WORDS, *ONLY_HERE))
                raise UsageError(f"unknown word {unknown[:40]!r}; the words are {known}")
        return None

    def _hear_of_house(self, request: lines.Request, step: Step, controls: Controls) -> Answer:
        if request.word == "rooms" and "room" in request.arguments:
            wanted = wanted_of_room(request.arguments)
            check_known(wanted["room"], controls.policy.house_sound.rooms(step.frame.time_s))
            self.tell("room", **wanted)
            return Answer("the leader of the rooms is told")
        return ABOUT_HOUSE[request.word](request.arguments, step, controls)

    def _begin(
        self, client: Connection, request: lines.Request, step: Step, controls: Controls
    ) -> None:
        """Begins what takes a while; the answer comes later. Raises JukeboxError."""
        if self._history is None:
            raise ControlError("nothing that takes a while can be asked for here")
        receive = partial(_deliver, client, request.id)
        if request.word == "history":
            self._history.ask(PageRequest.of(request.arguments), receive)
        else:
            self._history.wait_for(
                *begin(request, step, controls, is_trusted=client.is_trusted), receive
            )
        client.reading += 1

    def _log(self, message: str) -> None:
        """Logs what changes something; who asks the same again and again does not fill the log."""
        if message not in CHANGES_NOTHING and message != self._logged:
            log.info("asked for: %s", message[:80])
            self._logged = message

    def _tell(self, event: Event) -> None:
        line = lines.encode(event)
        for client in self._clients:
            if client.subscribed:
                client.send(line)

    def _forget(self) -> None:
        """Closes the connections of which nothing more can come."""
        for client in [client for client in self._clients if client.is_over()]:
            client.close()
            self._clients.remove(client)


def _settings(word: str, controls: Controls) -> Answer:
    if word == "settings":
        return Answer("the settings in force", as_dict(controls.policy.settings))
    controls.reload()
    return Answer("the settings are read again")


def _deliver(client: Connection, number: int, outcome: Outcome) -> None:
    client.reading -= 1
    if client.gone:
        return
    if isinstance(outcome, Answer):
        client.send(lines.answer(number, outcome.text, outcome.data))
    else:
        client.send(_refusal(number, outcome))


def _refusal(number: int, error: JukeboxError) -> bytes:
    code: lines.Code = "usage" if isinstance(error, UsageError) else "unavailable"
    return lines.refusal(number, code, str(error))
