"""The door of a Unix socket: so many clients, each for so long, whatever they do."""

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from appliance.process.door import Door, open_door


async def echo(reader, writer):
    writer.write(await reader.readline())


async def refuses_all(_reader, _writer):
    raise ValueError("a bad line")


def visited(path, handler, visit, **bounds):
    """What a visit, which gets a way to connect, brings back."""

    async def live():
        door = Door(handler, **{"most": 3, "stay_s": 5.0, **bounds})
        server = await asyncio.start_unix_server(door, path, limit=64)
        opened = []

        async def connect():
            opened.append(await asyncio.open_unix_connection(path))
            return opened[-1]

        try:
            return await visit(connect)
        finally:
            server.close()
            await close_all(opened)

    return asyncio.run(live())


async def close_all(opened):
    for _, writer in opened:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "socket")


async def answer(connection, question=b"hello\n"):
    reader, writer = connection
    writer.write(question)
    try:
        return await asyncio.wait_for(reader.read(100), 5)
    except OSError:
        return b""
    finally:
        writer.close()


def test_the_fourth_of_three_is_sent_away_and_there_is_room_again_when_one_goes(path):
    async def visit(connect):
        first = [await connect() for _ in range(3)]
        fourth = await answer(await connect())
        third = await answer(first[2])
        await asyncio.sleep(0.05)  # it has gone
        return fourth, third, await answer(await connect())

    assert visited(path, echo, visit) == (b"", b"hello\n", b"hello\n")


def test_the_sockets_file_stays_for_whoever_made_it(path):
    async def live():
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            server = await open_door(Door(echo, 3, 5.0), listener, 64)
            connection = await asyncio.open_unix_connection(path)
            said = await answer(connection)
            await close_all([connection])
            server.close()
            await server.wait_closed()
        return said

    assert asyncio.run(live()) == b"hello\n"
    assert Path(path).is_socket()


def test_who_says_nothing_has_to_go(path):
    async def visit(connect):
        silent = [await connect() for _ in range(3)]
        read = [await asyncio.wait_for(reader.read(1), 5) for reader, _ in silent]
        return read, await answer(await connect())

    assert visited(path, echo, visit, stay_s=0.5) == ([b"", b"", b""], b"hello\n")


@pytest.mark.parametrize("handler", [echo, refuses_all])
def test_a_line_that_is_too_long_or_bad_ends_the_connection_and_nothing_else(path, handler):
    async def visit(connect):
        return await answer(await connect(), b"x" * 1000), await answer(await connect())

    bad, good = visited(path, handler, visit)
    assert bad == b""
    assert good == (b"hello\n" if handler is echo else b"")


def test_a_thousand_at_once_leave_the_process_its_files(path):
    async def visit(connect):
        del connect
        clients = [socket.socket(socket.AF_UNIX) for _ in range(400)]
        for client in clients:
            client.setblocking(False)
            try:
                client.connect(path)
            except BlockingIOError:
                await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        for client in clients[3:]:
            client.close()
        inside = sum(is_open(client) for client in clients[:3])
        for client in clients[:3]:
            client.close()
        return inside

    def is_open(client):
        try:
            return client.recv(1) != b""
        except BlockingIOError:
            return True

    assert visited(path, echo, visit) == 3
