"""The page in this process, asked without a network; and the page of a demo, asked by HTTP."""

import asyncio
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tomllib
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

import cv2
import numpy as np
from conftest import wait_for, write_config
from controls import serving
from running import JUKEBOX, started

from appliance.private_mpd.process import PrivateMpd
from appliance.remote.control_socket import listen
from appliance.settings import ControlSettings, WebSettings
from appliance.web.app import make_app
from appliance.web.devices import Devices
from appliance.web.page import Page
from appliance.web.pairing import Pairing
from appliance.web.view import House

FORM = "application/x-www-form-urlencoded"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def cookie(self) -> str:
        """The cookie that it sets, as a browser sends it back."""
        return self.headers.get("set-cookie", "").partition(";")[0]


class InProcess:
    """The page without a network, a jukebox or an MPD. page: what it is made of."""

    def __init__(self, **settings):
        self.page = Page(House(), Devices(None), Pairing())
        self.page.jukebox = self.page.mpd = None
        self.app = make_app(self.page, replace(WebSettings(), **settings))

    def ask(self, path="/", method="GET", body="", **headers):
        """The answer to a request that is good, except for the headers given (None: left out)."""
        sent = {"host": "localhost:8080", "accept": "text/html"}
        if method != "GET":
            sent |= {"origin": "http://localhost:8080", "content-type": FORM}
            sent["content-length"] = str(len(body.encode()))
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "scheme": "http", "http_version": "1.1",
            "server": ("localhost", 8080), "client": ("192.0.2.7", 1), "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in sent.items() if v is not None],
        }  # fmt: skip
        return asyncio.run(self._ask(scope, body.encode()))

    def pairs(self):
        """The cookie of a browser that has just been paired."""
        code = self.page.pairing.open(0.0)
        self.page.pairing._open[-1].until_s = float("inf")
        return self.ask("/pair", "POST", urlencode({"code": code, "name": "phone"})).cookie

    async def _ask(self, scope, body):
        parts, asked = [], asyncio.Event()

        async def receive():
            if asked.is_set():
                await asyncio.Future()  # the browser stays until it has the answer
            asked.set()
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            parts.append(message)

        await self.app(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in parts[0]["headers"]}
        text = b"".join(part.get("body", b"") for part in parts[1:]).decode(errors="replace")
        return Answer(parts[0]["status"], headers, text)


class Browser:
    """A browser without a screen. cookie: what it was paired with, or ""."""

    def __init__(self, port, cookie=""):
        self.port, self.cookie = port, cookie

    def ask(self, path="/", form=None, accept="text/html"):
        headers = {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": FORM}
        headers |= {"Accept": accept, "Cookie": self.cookie}
        method = "GET" if form is None else "POST"
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as page:
            page.request(method, path, urlencode(form) if form else None, headers)
            answer = page.getresponse()
            read = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, read, answer.read().decode(errors="replace"))

    def send(self, path, body, accept="application/json"):
        """The answer to a form with files."""
        headers = {"Origin": f"http://127.0.0.1:{self.port}", "Accept": accept}
        headers |= {"Content-Type": "multipart/form-data; boundary=--x", "Cookie": self.cookie}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as page:
            page.request("POST", path, body, headers)
            answer = page.getresponse()
            read = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, read, answer.read().decode(errors="replace"))

    def act(self, **form):
        """What a button leads to, as our script gets it."""
        return json.loads(self.ask("/", form, accept="application/json").text)

    def state(self):
        """The values that the first screen is made of."""
        return self.act(player="nothing")["state"]

    def until(self, **values):
        """The state, as soon as it has these values."""

        def has():
            state = self.state()
            return state if all(state[name] == value for name, value in values.items()) else None

        return wait_for(has, 20.0)


def code_of(config):
    """A one-time code, as the owner gets it in a terminal."""
    told = subprocess.run(
        [*JUKEBOX, "pair", "--json", "--config", str(config)],
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    return json.loads(told.stdout)["code"]


class Demo:
    """A running demo. link: with a one-time code; folder: everything that it writes."""

    def __init__(self, folder, process, link):
        self.folder, self.process, self.link = folder, process, link
        self.port = urlsplit(link).port
        self.config = folder / "jukebox.toml"

    @property
    def mpd_socket(self):
        """Where its MPD listens."""
        return tomllib.loads(self.config.read_text())["mpd"]["address"]

    def pair(self):
        return code_of(self.config)

    def browser(self):
        """A browser that is paired."""
        browser = Browser(self.port)
        browser.cookie = browser.ask("/pair", {"code": self.pair(), "name": "phone"}).cookie
        return browser

    @property
    def page_pid(self):
        """The process id of the page."""
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(children) as file:
            for pid in file.read().split():
                with open(f"/proc/{pid}/cmdline", "rb") as command:
                    if b"\0web\0" in command.read():
                        return int(pid)
        raise AssertionError("the demo has no page")


class HouseWithPage:
    """A jukebox, its MPD and its page, each a process that may be ended and started again.

    config: of all of them, with an MPD whose music lies in folder/music.
    """

    def __init__(self, config):
        self.config, self.folder = config, config.parent
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.mpd = PrivateMpd(self.folder / "mpd", self.folder / "music", "null")
        self.jukebox = self.page = None

    def start_jukebox(self):
        self.jukebox = self._start("run")

    def start_page(self):
        self.page = self._start("web", "--address", "127.0.0.1", "--port", str(self.port))
        wait_for(self._answers, 20.0)

    def stop_page(self):
        self.page.terminate()
        self.page.wait(10)

    def stop_jukebox(self):
        self.jukebox.terminate()
        self.jukebox.wait(10)

    def pair(self):
        return code_of(self.config)

    def browser(self):
        """A browser that is paired, once the page knows the jukebox."""
        browser = Browser(self.port)
        browser.cookie = browser.ask("/pair", {"code": self.pair(), "name": "phone"}).cookie
        browser.until(away=False, player=True)
        return browser

    def log(self, verb):
        return (self.folder / f"{verb}.out").read_text()

    def _start(self, verb, *more):
        command = [*JUKEBOX, verb, "--config", str(self.config), *more]
        with (self.folder / f"{verb}.out").open("a") as out:
            return subprocess.Popen(command, stdout=out, stderr=out)

    def _answers(self):
        try:
            return Browser(self.port).ask("/pair").status == 200
        except OSError:
            return False


@contextmanager
def house_with_page(folder, music):
    """A jukebox, an MPD with a copy of this music, and a page that run; the camera sees nobody."""
    shutil.copytree(music, folder / "music")
    (folder / "room").mkdir()
    cv2.imwrite(str(folder / "room" / "empty.png"), np.full((480, 640), 90, np.uint8))
    write_config(folder / "jukebox.toml", folder / "room", folder)
    house = HouseWithPage(folder / "jukebox.toml")
    with house.mpd:
        try:
            house.start_jukebox()
            house.start_page()
            yield house
        finally:
            for process in filter(None, (house.page, house.jukebox)):
                process.terminate()
                process.wait(10)
    assert "Traceback" not in house.log("run") + house.log("web")


@contextmanager
def demo_with_page(folder, *more):
    out = folder / "out"
    command = [*JUKEBOX, "demo", "--camera", "reel", "--output", "null", "--folder", str(folder)]
    folder.mkdir(exist_ok=True)
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    with (
        out.open("w") as stdout,
        started([*command, *more], stdout=stdout, stderr=stdout, env=environ) as process,
    ):
        line = wait_for(lambda: [x for x in out.read_text().split() if "/pair?code=" in x], 90.0)[0]
        yield Demo(folder, process, line)
        process.send_signal(signal.SIGTERM)
        process.wait(5.0)
    assert "Traceback" not in out.read_text()


@contextmanager
def page_and_button(config):
    """A page beside a jukebox that only notes what it is asked, and a press of its button for long.

    The press has come to the page when it returns.
    """
    database = config.with_name("jukebox.db")
    command = [*JUKEBOX, "web", "--config", str(config), "--address", "127.0.0.1", "--port", "0"]
    with (
        serving(listen(ControlSettings(), database, {})) as (tell, _controls),
        started(command, stderr=subprocess.PIPE, text=True) as page,
    ):
        port = int(page.stderr.readline().rpartition(":")[2].strip("/\n"))

        def press():
            wait_for(lambda: tell("pairing") or _needs_no_code(port), 20.0)

        yield port, press


def _needs_no_code(port):
    return json.loads(Browser(port).ask("/paired").text)["button"]
