"""A mosquitto of the tests' own, a relay that hears every byte, and somebody who listens."""

import asyncio
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

from conftest import wait_for

from appliance.home.home import Home
from appliance.home.places import Access
from appliance.home.session import Session

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mosquitto:
    """A broker in a folder. more: lines of its configuration, beside where it listens.

    It keeps nothing on the disk: whatever it was told to retain is gone after a restart.
    """

    def __init__(self, folder, more="allow_anonymous true", *, tls="", port=None):
        self.port = port or free_port()
        self.log = folder / "mosquitto.log"
        self._file = folder / "mosquitto.conf"
        # As another user, it could not read the files of the test.
        self._file.write_text(f"user root\nlistener {self.port} 127.0.0.1\n{tls}\n{more}\n")

    def __enter__(self):
        with self.log.open("a") as log:
            command = [MOSQUITTO, "-c", str(self._file), "-v"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: listens(self.port))
        return self

    def __exit__(self, *_):
        self.process.kill()  # as when the plug is pulled
        self.process.wait()


def listens(port):
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def password_file(folder, name, password):
    """A file of mosquitto's with one user."""
    file = folder / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(file), name, password], check=True)
    return file


class Relay:
    """Stands before a port, hears every byte in both directions, and can swallow them all."""

    def __init__(self, to_port):
        self.heard = bytearray()
        self.swallows = False
        self._to_port = to_port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._ends = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for end in (self._door, *self._ends):
            end.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                there = socket.create_connection(("127.0.0.1", self._to_port))
                self._ends += [here, there]
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source, target):
        with suppress(OSError):
            while got := source.recv(65536):
                self.heard += got
                if not self.swallows:
                    target.sendall(got)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def in_thread(main):
    """Runs a coroutine with a loop of its own in a thread, and cancels it at the end."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(main)
    failed = []

    def run():
        try:
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        except BaseException as error:  # noqa: BLE001 - the test fails with it
            failed.append(error)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield loop
    finally:
        with suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(task.cancel)
        thread.join(30)
        assert not failed, failed


class Listener:
    """Hears all messages at a broker. came: topic, payload, whether it was retained."""

    def __init__(self, access):
        self.came = []
        self._access = access
        self._session = self._loop = None

    async def run(self):
        self._session = Session(self._access, "listener", self._take_in)
        await self._session.open()
        await self._session.listen(["#"])
        self._loop = asyncio.get_running_loop()
        try:
            await self._session.until_lost()
        finally:
            self._session.close()

    def _take_in(self, topic, *more):
        if "_test/" not in topic:  # the home tries whether it may write
            self.came.append((topic, *more))

    def say(self, topic, payload, retain=False):
        self._loop.call_soon_threadsafe(self._session.send, topic, payload, retain)

    def last(self, end):
        """The last payload on a topic with this end; "" if there was none."""
        found = [payload for topic, payload, _ in self.came if topic.endswith(end)]
        return found[-1].decode() if found else ""

    def hears(self, end, text, seconds=20.0):
        wait_for(lambda: text in self.last(end), seconds)


@contextmanager
def listening(port, **access):
    listener = Listener(Access("127.0.0.1", port, **access))
    with in_thread(listener.run()):
        wait_for(lambda: listener._loop)
        yield listener


def retained(port, **access):
    """All that the broker keeps, by topic."""
    with listening(port, **access) as listener:
        time.sleep(0.2)  # nothing says that there is no more
        return {topic: payload for topic, payload, kept in listener.came if kept}


@contextmanager
def at_home(settings, environ):
    """A home in a thread of this process."""

    async def run():
        await Home(settings, environ).run()

    with in_thread(run()):
        yield
