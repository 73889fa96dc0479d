"""One connection to a broker: paho-mqtt, driven by asyncio in its one thread."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from appliance.errors import JukeboxError, why_failed
from appliance.home.places import Access

# A broker that vanished without a word is noticed within two of them. If this process vanishes, the
# broker publishes the will after one and a half.
KEEPALIVE_S = 10
ANSWER_S = 5.0
TICK_S = 1.0
SOCKETS_PORT = 1883  # paho-mqtt 2 refuses port 0, also where it means nothing
MOST_WAITING = 100  # messages for a broker that takes none

Received = Callable[[str, bytes, bool], None]  # topic, payload, whether the broker had kept it


class BrokerError(JukeboxError):
    """The broker cannot be reached, or does not do what it is asked for."""


class RefusedError(BrokerError):
    """The broker does not let this jukebox in."""


class Session:
    """A connection that is opened once. received: called with each message."""

    def __init__(self, access: Access, client_id: str, received: Received) -> None:
        self.is_open = False
        self._access = access
        self._received = received
        self._news = asyncio.Event()
        self._failure: Exception | None = None  # of `received`
        self._answer: ReasonCode | None = None
        self._listens: dict[int, bool] = {}  # by number of the request: whether we may
        self._client = self._make(client_id)
        self._ticking: asyncio.Task[None] | None = None

    def will(self, topic: str, payload: str) -> None:
        """What the broker keeps and tells others when this process vanishes. Call it first."""
        self._client.will_set(topic, payload, qos=1, retain=True)

    async def open(self) -> None:
        """Connects. Raises RefusedError, and BrokerError if nobody answers."""
        port = SOCKETS_PORT if self._access.is_socket else self._access.port
        try:  # in a thread, because names are looked up and connections are made slowly
            await asyncio.to_thread(self._client.connect, self._access.address, port, KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise BrokerError(why_failed(error)) from error
        if (connection := self._client.socket()) is None:
            raise BrokerError("it hung up")
        asyncio.get_running_loop().add_reader(connection, self._work)
        self._ticking = asyncio.create_task(self._tick())
        await self._until(lambda: self._answer is not None or self._client.socket() is None)
        if self._answer is not None and self._answer.is_failure:
            raise RefusedError(f"it says: {self._answer}")
        if not self.is_open:
            raise BrokerError("it accepts the connection, but does not answer as a broker does")

    async def listen(self, topics: Sequence[str]) -> list[bool]:
        """Asks for messages on these topics. Returns which of them are allowed."""
        asked = [self._client.subscribe(topic)[1] or 0 for topic in topics]  # 0: it is lost
        await self._until(lambda: all(number in self._listens for number in asked))
        return [self._listens.get(number, False) for number in asked]

    def send(self, topic: str, payload: str, retain: bool = False) -> mqtt.MQTTMessageInfo:
        """Sends a message. What the broker keeps is sent again until it acknowledges that."""
        return self._client.publish(topic, payload, qos=int(retain), retain=retain)

    async def send_surely(self, topic: str, payload: str, *, retain: bool = True) -> bool:
        """Sends what the broker keeps, or passes on; "" removes it. Returns whether it has it."""
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        return await self._until(lambda: sent.rc == mqtt.MQTT_ERR_SUCCESS and sent.is_published())

    async def until_lost(self) -> None:
        """Returns when the connection is gone. Raises what `received` raised: an error of ours."""
        while self.is_open and self._failure is None:
            self._news.clear()
            await self._news.wait()
        if self._failure is not None:
            raise self._failure

    async def until(self, condition: Callable[[], bool]) -> bool:
        """Waits for what messages bring about. Returns whether it came in time."""
        return await self._until(condition)

    def close(self) -> None:
        """Ends the connection; without a will, because nothing went wrong."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._client.disconnect()
        if (left := self._client.socket()) is not None:  # nobody takes the goodbye
            asyncio.get_running_loop().remove_reader(left)
            left.close()
        self.is_open = False

    def _make(self, client_id: str) -> mqtt.Client:
        """Raises BrokerError for an authority that is none."""
        access = self._access
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            transport="unix" if access.is_socket else "tcp",
            reconnect_on_failure=False,
        )
        client.connect_timeout = ANSWER_S
        client.max_queued_messages_set(MOST_WAITING)
        if access.username:
            client.username_pw_set(access.username, access.password)
        if access.tls and not access.is_socket:
            client.tls_set_context(_tls_of(access))
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_news
        client.on_message = self._on_message
        client.on_socket_close = self._on_socket_close
        return client

    async def _tick(self) -> None:
        """What paho wants to be called for once a second."""
        while True:
            await asyncio.sleep(TICK_S)
            self._work()
            self._client.loop_misc()

    def _work(self) -> None:
        """Takes in what has come, and sends what waits."""
        self._client.loop_read()
        connection = self._client.socket()
        # What TLS has read already does not make the socket readable any more.
        while isinstance(connection, ssl.SSLSocket) and connection.pending():
            self._client.loop_read()
            connection = self._client.socket()
        if self._client.want_write():
            self._client.loop_write()

    async def _until(self, condition: Callable[[], bool]) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        return condition()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, answer: Any, _more: Any) -> None:
        self._answer, self.is_open = answer, not answer.is_failure
        self._news.set()

    def _on_disconnect(self, *_: Any) -> None:
        self.is_open = False
        self._news.set()

    def _on_subscribe(self, _client: Any, _data: Any, number: int, codes: Any, _more: Any) -> None:
        self._listens[number] = not any(code.is_failure for code in codes)
        self._news.set()

    def _on_news(self, *_: Any) -> None:
        self._news.set()

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            self._received(message.topic, bytes(message.payload), message.retain)
        except Exception as error:  # noqa: BLE001 - paho would bring the message again (findings)
            self._failure = error
        self._news.set()

    def _on_socket_close(self, _client: Any, _data: Any, connection: Any) -> None:
        with suppress(RuntimeError):  # it was never more than tried, in the thread that connects
            asyncio.get_running_loop().remove_reader(connection)


def _tls_of(access: Access) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=access.authority or None)
    except OSError as error:
        raise BrokerError(
            f"home.authority is {access.authority}, which cannot be used: {why_failed(error)}"
        ) from error
