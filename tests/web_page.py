"""The page in this process, asked without a network; and the page of a demo, asked by HTTP."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import tomllib
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from conftest import wait_for
from running import JUKEBOX, started

from appliance.settings import WebSettings
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
        parts = []

        async def receive():
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
        told = subprocess.run(
            [*JUKEBOX, "pair", "--json", "--config", str(self.config)],
            capture_output=True, text=True, check=True, timeout=20,
        )  # fmt: skip
        return json.loads(told.stdout)["code"]

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
        line = wait_for(lambda: [x for x in out.read_text().split() if "/pair?code=" in x], 30.0)[0]
        yield Demo(folder, process, line)
        process.send_signal(signal.SIGTERM)
        process.wait(5.0)
    assert "Traceback" not in out.read_text()
