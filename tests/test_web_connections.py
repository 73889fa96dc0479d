"""Browsers' connections: how many, and how long one may say nothing."""

import asyncio

import uvicorn
from test_door import close_all
from uvicorn.server import ServerState

from appliance.web import connections

ASK = b"GET / HTTP/1.1\r\nHost: jukebox.local\r\n\r\n"


async def page(scope, receive, send):
    streams = scope["path"] == "/stream"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"now playing", "more_body": streams})
    while streams and (await receive())["type"] != "http.disconnect":
        pass


def visited(visit):
    """What a visit, which gets a way to connect, brings back."""

    async def live():
        config = uvicorn.Config(page, ws="none", lifespan="off", log_config=None)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: connections.BoundedProtocol(config, state, {}), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        opened = []

        async def connect():
            opened.append(await asyncio.open_connection("127.0.0.1", port))
            return opened[-1]

        try:
            return await visit(connect)
        finally:
            server.close()
            await close_all(opened)

    return asyncio.run(live())


async def answer(connection):
    reader, writer = connection
    try:
        writer.write(ASK)
        return b"200 OK" in await asyncio.wait_for(reader.read(1000), 5)
    except OSError:
        return False


def test_a_connection_in_which_nothing_is_asked_ends(monkeypatch):
    monkeypatch.setattr(connections, "FIRST_REQUEST_S", 0.5)

    async def visit(connect):
        silent = [await connect() for _ in range(3)]
        return [await asyncio.wait_for(reader.read(1), 5) for reader, _ in silent]

    assert visited(visit) == [b"", b"", b""]


def test_a_stream_that_was_asked_for_goes_on(monkeypatch):
    monkeypatch.setattr(connections, "FIRST_REQUEST_S", 0.5)

    async def visit(connect):
        reader, writer = await connect()
        writer.write(ASK)
        await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 5)
        await asyncio.sleep(0.8)
        writer.write(ASK)
        return await asyncio.wait_for(reader.read(1000), 5)

    assert b"200 OK" in visited(visit)


def test_whoever_is_silent_for_longest_makes_room_for_who_asks(monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 4)

    async def visit(connect):
        silent = [await connect() for _ in range(8)]
        asked = await answer(await connect())
        ended = await asyncio.gather(*(_ends(reader) for reader, _ in silent[:5]))
        return asked, ended, any(reader.at_eof() for reader, _ in silent[5:])

    assert visited(visit) == (True, [True] * 5, False)


def test_no_stream_is_ended_for_a_silent_one(monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 4)

    async def visit(connect):
        streams = [await connect() for _ in range(4)]
        for _, writer in streams:
            writer.write(ASK.replace(b"/ ", b"/stream "))
        for reader, _ in streams:
            await asyncio.wait_for(reader.readuntil(b"now playing"), 5)
        silent, _ = await connect()
        return await _ends(silent), any(reader.at_eof() for reader, _ in streams)

    assert visited(visit) == (True, False)


async def _ends(reader):
    """Whether a connection is ended from the other side."""
    try:
        return await asyncio.wait_for(reader.read(1), 5) == b""
    except ConnectionError:
        return True
