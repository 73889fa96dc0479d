"""Whatever a browser sends to the page: it is answered or refused, never with a traceback."""

import os
import random
import socket
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from conftest import write_config
from controls import serving
from nonsense import LONGEST_S, MOST_GROWTH_MB, NUMBER, mangled
from running import JUKEBOX, started
from web_page import FORM, Browser, code_of

from appliance.private_mpd.process import PrivateMpd
from appliance.remote.control_socket import listen
from appliance.settings import ControlSettings

pytestmark = pytest.mark.server
SENT = NUMBER if NUMBER > 1000 else NUMBER // 3
SCREENS = (
    "/", "/player", "/player/music?in=happy&page=2", "/player/list/happy", "/diary", "/diary/week",
    "/diary/history.json?days=3", "/settings", "/settings/name", "/settings/sound", "/teach",
    "/settings/camera", "/settings/music", "/devices", "/pair?code=ABCDEF", "/pair/camera", "/why",
    "/embed", "/sign", "/cover/3", "/paired", "/teach/now", "/static/page.css", "/icon.svg",
)  # fmt: skip
FORMS = (
    ("/", {"player": "nothing"}), ("/", {"mood": "happy"}), ("/", {"volume": "40"}),
    ("/player", {"what": "move", "id": "3", "to": "1"}), ("/player", {"do": "add", "uri": "a.ogg"}),
    ("/settings", {"hash": "0", "mood.dwell_s": "3"}), ("/settings/name", {"name": "music"}),
    ("/settings/sound", {"output": "alsa:CARD=A"}), ("/teach", {"name": "Ann", "do": "teach"}),
    ("/pair", {"code": "123456", "name": "phone"}), ("/language", {"language": "de", "back": "/"}),
    ("/devices", {"id": "12ab"}), ("/diary/forget", {"from": "2026-11-30", "to": "2026-11-30"}),
    ("/", {f"field{number}": "" for number in range(60)}),
)  # fmt: skip
UPLOAD = b"\r\n".join(
    (b"--x", b'Content-Disposition: form-data; name="music"; filename="a.ogg"', b"",
     b"OggS" + bytes(24) + b"OpusHead", b"--x--", b""),
)  # fmt: skip


class Requests:
    """Requests of a paired browser, in which something is mangled."""

    def __init__(self, port, cookie):
        self._chance = random.Random(1)
        self._same = f"Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nConnection: close\r\n"
        self._same += f"Origin: http://127.0.0.1:{port}\r\n"
        self._goods = [self._written("GET", path) for path in SCREENS]
        self._goods += [self._posted(path, urlencode(form).encode()) for path, form in FORMS]

    def any(self):
        """A request, and whether it is whole, so that an answer must follow."""
        match self._chance.randrange(4):
            case 0:
                return mangled(self._chance.choice(self._goods), self._chance), False
            case 1:
                path = mangled(self._chance.choice(SCREENS).encode(), self._chance)
                path = b"".join(b"%%%02x" % byte if byte < 33 else bytes([byte]) for byte in path)
                return self._written("GET", path.decode("latin-1")), True
            case 2:
                path, form = self._chance.choice(FORMS)
                return self._posted(path, mangled(urlencode(form).encode(), self._chance)), True
        kind = "multipart/form-data; boundary=x"
        body = mangled(UPLOAD, self._chance)
        return self._posted("/player/list/happy/music", body, kind), True

    def _posted(self, path, body, kind=FORM):
        more = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return self._written("POST", path, more) + body

    def _written(self, method, path, more=""):
        return f"{method} {path} HTTP/1.1\r\n{self._same}{more}\r\n".encode("latin-1")


def answered(port, request, *, is_whole):
    """The number of the answer; 0 if there was none."""
    with socket.create_connection(("127.0.0.1", port), 30) as page:
        received = b""
        with suppress(ConnectionError):
            page.sendall(request)
            if not is_whole:
                page.shutdown(socket.SHUT_WR)
            while part := page.recv(65_536):
                received += part
    return int(received[9:12] or 0)


@contextmanager
def page_served(folder):
    """The page of a jukebox that only notes what it is asked, with a real MPD: process and port."""
    config = folder / "jukebox.toml"
    (folder / "music" / "happy").mkdir(parents=True)
    write_config(config, folder, folder)
    command = [*JUKEBOX, "web", "--config", str(config), "--address", "127.0.0.1", "--port", "0"]
    said = folder / "said"
    with (
        PrivateMpd(folder / "mpd", folder / "music", "null"),
        serving(listen(ControlSettings(), folder / "jukebox.db", {})),
        said.open("wb") as log,
        started(command, stderr=subprocess.PIPE) as page,
    ):
        port = int(page.stderr.readline().decode().rpartition(":")[2].strip("/\n"))
        with started(["cat"], stdin=page.stderr, stdout=log):
            yield page.pid, port, config
    assert "Traceback" not in said.read_text(errors="replace"), said.read_text()[-4000:]


def processor_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.timeout(1800)
def test_whatever_a_browser_sends_the_page_goes_on_and_does_not_grow(tmp_path):
    with page_served(tmp_path) as (pid, port, config):
        cookie = Browser(port).ask("/pair", {"code": code_of(config), "name": "phone"}).cookie
        requests = Requests(port, cookie)
        before_mb = 0.0
        for number in range(SENT):
            if number == SENT // 10:
                before_mb = resident_mb(pid)
            request, is_whole = requests.any()
            begun_s = processor_s(pid)
            status = answered(port, request, is_whole=is_whole)
            assert processor_s(pid) - begun_s < LONGEST_S, request[:300]
            assert status < 500 or status == 503, (status, request[:600])
            assert status or not is_whole, request[:300]
        assert resident_mb(pid) <= before_mb + MOST_GROWTH_MB
        assert Browser(port).ask("/pair").status == 200
