"""Links in playlists: a real resolver, a real MPD and a web server, all on this machine."""

import asyncio
import importlib.util
import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import TONES_HZ, wait_for, write_tone
from playing import carried_out

from appliance import cli
from appliance.player import links
from appliance.player.mpd_player import MpdPlayer
from appliance.private_mpd.recording import wav_header
from appliance.records import Decision, Emotion
from appliance.resolver import server
from appliance.resolver.lookup import look_up
from appliance.resolver.protocol import Answer, answer_of, answers, find_socket, own_socket

HAPPY = Emotion.HAPPY
PAGE = b"""<html><head><title>The Lark at Noon</title></head>
<body><audio src="/song.wav"></audio></body></html>"""
needs_yt_dlp = pytest.mark.skipif(
    importlib.util.find_spec("yt_dlp") is None,
    reason="yt-dlp is not installed: run/test/bin/python -m pip install yt-dlp",
)


class Site(SimpleHTTPRequestHandler):
    """Files, a radio, pages with a player, one that hangs until it is released, and dead links."""

    released = threading.Event()
    seen = []  # noqa: RUF012  what was asked for, by all of them

    def do_GET(self):
        self.seen.append(self.path)
        if self.path.startswith(("/watch", "/slow")):
            if self.path.startswith("/slow"):
                self.released.wait(20)
            page = PAGE.replace(b"song.wav", b"song.wav?" + self.path.rpartition("/")[2].encode())
            self._answer("text/html; charset=utf-8", page)
        elif self.path == "/radio":
            self._answer("audio/wav", wav_header(0xFFFFFFFF - 36))
            while not self.released.is_set():
                try:
                    self.wfile.write(bytes(48000))
                except OSError:  # the client has disconnected
                    return
        elif self.path == "/text":
            self._answer("text/html", b"<html><body>Nothing to hear here.</body></html>")
        elif self.path == "/icy":
            self.wfile.write(b"ICY 200 OK\r\ncontent-type: audio/mpeg\r\n\r\n")
        elif self.path == "/to-a-file":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
        else:
            super().do_GET()

    def _answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def site(tmp_path):
    """The address of a web site on this machine."""
    folder = tmp_path / "www"
    write_tone(folder / "song.wav", TONES_HZ[HAPPY], seconds=3)
    Site.released.clear()
    Site.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=str(folder))) as web:
        threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield f"http://127.0.0.1:{web.server_port}"
        Site.released.set()
        web.shutdown()


def start(path, *options):
    """A running `jukebox resolve`."""
    command = "import sys; from appliance.cli import main; sys.exit(main())"
    started = subprocess.Popen(
        [sys.executable, "-c", command, "resolve", "--socket", str(path), *options],
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: answers(path))
    return started


def stop(started):
    started.terminate()
    _, said = started.communicate(timeout=10)
    return started.returncode, said.decode()


@pytest.fixture
def resolver(tmp_path, monkeypatch):
    """The socket of a resolver that the player will find."""
    path = tmp_path / "resolver"
    monkeypatch.setenv("JUKEBOX_RESOLVER", str(path))
    started = start(path)
    yield path
    assert stop(started)[0] == 0
    assert not path.exists()


def player_for(mpd, *sources):
    return MpdPlayer(address=str(mpd.socket), playlists={HAPPY: sources}, random=random.Random(1))


def put_on(player, time_s=0.0):
    return carried_out(player, Decision(HAPPY, "switch", ""), time_s)


def patient(monkeypatch):
    """Wait for the answer in one go, however slow the machine."""
    monkeypatch.setattr(links, "PATIENCE_S", 20.0)


def is_heard(app):
    return wait_for(lambda: float(app.status().get("elapsed", 0)) > 0.1)


# Streams


@pytest.mark.usefixtures("resolver")
def test_a_web_radio_plays_as_it_is(shared_mpd, app, site, monkeypatch):
    patient(monkeypatch)
    player = player_for(shared_mpd, f"{site}/radio")
    assert put_on(player).uri == f"{site}/radio"
    assert is_heard(app)
    player.close()


@needs_yt_dlp
@pytest.mark.usefixtures("resolver")
def test_a_page_with_a_player_plays_under_its_own_title(
    shared_mpd, app, site, tmp_path, monkeypatch
):
    patient(monkeypatch)
    playlist = tmp_path / "mine.m3u"
    playlist.write_text(f"{site}/watch?v=lark\n")
    player = player_for(shared_mpd, str(playlist))
    play = put_on(player)
    assert (play.title, play.uri) == ("The Lark at Noon", f"{site}/song.wav?watch?v=lark")
    assert is_heard(app)
    seen = player.playback(1.1)
    assert (seen.title, seen.emotion, seen.listener) == ("The Lark at Noon", HAPPY, False)
    assert app.currentsong()["title"] == "The Lark at Noon"  # what a phone shows
    player.close()


@needs_yt_dlp
@pytest.mark.usefixtures("resolver", "app")
def test_an_address_that_may_have_expired_is_not_used_again(shared_mpd, site, monkeypatch):
    patient(monkeypatch)
    player = player_for(shared_mpd, f"{site}/watch")
    put_on(player, 0.0)
    looked_up = Site.seen.count("/watch")
    put_on(player, 100.0)
    assert Site.seen.count("/watch") == 2 * looked_up > 0
    player.close()


@needs_yt_dlp
@pytest.mark.usefixtures("resolver", "app")
def test_a_slow_site_keeps_nobody_waiting_and_plays_at_the_next_draw(
    shared_mpd, site, monkeypatch, caplog
):
    monkeypatch.setattr(links, "PATIENCE_S", 0.05)
    player = player_for(shared_mpd, f"{site}/slow")
    assert put_on(player, 0.0) is None
    wait_for(lambda: "/slow" in Site.seen)
    Site.released.set()
    time_s = iter(range(1, 10_000))
    play = wait_for(lambda: put_on(player, float(next(time_s))), seconds=20)
    assert play.title == "The Lark at Noon"
    assert not caplog.records
    player.close()


@needs_yt_dlp
@pytest.mark.usefixtures("resolver", "app")
def test_the_next_link_is_looked_up_while_one_plays(shared_mpd, site, tmp_path, monkeypatch):
    patient(monkeypatch)
    playlist = tmp_path / "mine.m3u"
    playlist.write_text("".join(f"{site}/watch/{number}\n" for number in range(9)))
    player = player_for(shared_mpd, str(playlist))
    first = put_on(player, 0.0).uri.rpartition("?")[2]
    prefetched = wait_for(
        lambda: {path for path in Site.seen if "/watch/" in path} - {f"/watch/{first}"}
    )
    second = put_on(player, 200.0).uri.rpartition("?")[2]
    assert prefetched == {f"/watch/{second}"}
    player.close()


@pytest.mark.parametrize("dead", ["/gone.mp3", "/text", "/to-a-file", "nowhere"])
@pytest.mark.usefixtures("resolver")
def test_a_dead_link_is_skipped_with_one_line(shared_mpd, app, site, dead, monkeypatch, caplog):
    patient(monkeypatch)
    link = "http://127.0.0.1:9/radio" if dead == "nowhere" else site + dead
    player = player_for(shared_mpd, link, "sad")
    for time_s in (0.0, 2.0, 4.0, 6.0):
        assert put_on(player, time_s).source == "sad"
    assert is_heard(app)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{link} cannot be played: ")
    player.close()


@pytest.mark.usefixtures("app")
def test_without_a_resolver_mpd_gets_the_link_as_it_is(shared_mpd, site, tmp_path, monkeypatch):
    monkeypatch.setenv("JUKEBOX_RESOLVER", str(tmp_path / "nobody"))
    player = player_for(shared_mpd, f"{site}/radio")
    assert put_on(player).uri == f"{site}/radio"
    assert Site.seen in ([], ["/radio"])  # MPD's own
    player.close()


connected_to: list[object] | None = None
sys.addaudithook(
    lambda event, given: (
        connected_to.append(given[1])
        if event == "socket.connect" and connected_to is not None
        else None
    )
)


@pytest.mark.usefixtures("resolver", "app")
def test_the_process_that_sees_faces_connects_to_unix_sockets_only(
    shared_mpd, resolver, site, monkeypatch
):
    patient(monkeypatch)
    monkeypatch.setattr(sys.modules[__name__], "connected_to", [])
    player = player_for(shared_mpd, f"{site}/radio", f"{site}/gone")
    put_on(player)
    player.close()
    assert str(resolver) in connected_to
    assert {type(address) for address in connected_to} == {str}


# The resolver


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/song.wav", "{site}/song.wav"),
        ("/icy", "{site}/icy"),
        ("/gone", "the server answers 404 File not found"),
        ("/to-a-file", "not allowed"),
    ],
)
def test_a_link_to_sound_is_given_to_mpd_and_a_dead_one_is_said(site, path, answer):
    found = look_up(site + path)
    assert answer.format(site=site) in (found.uri or found.error)


@pytest.mark.parametrize("link", ["file:///etc/hostname", "ftp://host/file", "-v", "happy"])
def test_only_web_links_are_looked_up(link):
    assert "only links" in look_up(link).error


def test_a_web_page_without_yt_dlp_says_what_to_install(site, monkeypatch):
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    assert f"{sys.executable} -m pip install yt-dlp" in look_up(f"{site}/watch").error


@needs_yt_dlp
def test_the_verb_looks_links_up_for_people_and_for_programs(site, capsys):
    assert cli.main(["resolve", f"{site}/watch", f"{site}/gone"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{site}/watch: {site}/song.wav?watch  The Lark at Noon"
    assert lines[1] == f"{site}/gone: the server answers 404 File not found"
    assert cli.main(["resolve", "--json", f"{site}/watch"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["uri"], row["title"]) == (f"{site}/song.wav?watch", "The Lark at Noon")


def test_a_look_up_that_hangs_is_ended_after_thirty_seconds(site, monkeypatch):
    limits, timeout = [], asyncio.timeout
    monkeypatch.setattr(asyncio, "timeout", lambda s: limits.append(s) or timeout(s / 60))
    began = time.monotonic()
    answer = asyncio.run(server.Resolver()._look_up(f"{site}/slow"))
    assert time.monotonic() - began < 5  # by itself it gives up after 8 s
    assert (answer.error, limits) == ("no answer within 30 s", [30])


def test_each_connection_may_take_eight_seconds(monkeypatch):
    limits = []

    def refuse(self, request, data=None, timeout=None):
        limits.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refuse)
    assert look_up("http://radio.example/").error == "the server cannot be reached: timed out"
    assert limits == [8]


class LookUps:
    """Look-ups that last until they are released. running, most: how many run, and ran at once."""

    def __init__(self):
        self.running = self.most = self.begun = 0
        self.released = asyncio.Event()
        self.returncode = 0

    async def __call__(self, *_arguments, **_more):
        self.begun += 1
        self.running += 1
        self.most = max(self.most, self.running)
        return self

    async def ask(self, _process, link):
        """In place of server._ask."""
        await self.released.wait()
        self.running -= 1
        return Answer(uri=link).to_line()


def use(monkeypatch, look_ups):
    monkeypatch.setattr(asyncio, "create_subprocess_exec", look_ups)
    monkeypatch.setattr(server, "_ask", look_ups.ask)


def test_two_links_are_looked_up_at_once_and_the_others_wait(monkeypatch):
    async def five():
        resolver, look_ups = server.Resolver(), LookUps()
        use(monkeypatch, look_ups)
        links = [f"http://radio.example/{number}" for number in range(5)]
        asked = asyncio.gather(*(resolver._look_up(link) for link in links))
        await asyncio.sleep(0)  # let them begin
        await asyncio.sleep(0)
        assert look_ups.begun == 2
        look_ups.released.set()
        assert [answer.uri for answer in await asked] == links
        return look_ups.most

    assert asyncio.run(five()) == 2


def test_an_answer_that_nobody_fetches_is_forgotten_after_half_an_hour(monkeypatch):
    async def ask():
        resolver, look_ups, later = server.Resolver(), LookUps(), []
        look_ups.released.set()
        use(monkeypatch, look_ups)
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "call_later", lambda *call: later.append(call))
        await resolver._begin("http://radio.example/")
        await asyncio.sleep(0)  # let it be noted
        ((after_s, forget, *arguments),) = (call for call in later if call[0] > 60)
        assert after_s == 1800
        assert list(resolver._lookups) == ["http://radio.example/"]
        forget(*arguments)
        return resolver._lookups

    assert asyncio.run(ask()) == {}


@pytest.mark.parametrize(("characters", "answered"), [(2_000, True), (2_100, False)])
def test_a_question_may_have_2_kib(resolver, characters, answered):
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(str(resolver))
        with suppress(OSError):  # the resolver has disconnected
            asked.sendall(b"x" * characters + b"\n")
        try:
            answer = asked.makefile("rb").readline()
        except OSError:
            answer = b""
    assert (b"only links" in answer) == answered


def test_a_look_up_that_cannot_be_started_is_an_error_in_the_answer(monkeypatch):
    async def no_room(*_arguments, **_more):
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", no_room)
    answer = asyncio.run(server.Resolver()._look_up("http://radio.example/"))
    assert "no more processes" in answer.error


def test_a_socket_left_behind_is_taken_over_and_a_living_one_is_not(tmp_path, capsys):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    started = start(path)
    assert cli.main(["resolve", "--socket", str(path)]) == 1
    assert "another resolver already listens" in capsys.readouterr().err
    assert path.stat().st_mode & 0o777 == 0o600
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=10)
    assert started.returncode == 0


def test_a_socket_that_cannot_be_made_is_an_error_that_says_what_to_do(capsys):
    assert cli.main(["resolve", "--socket", "/proc/no/place"]) == 1
    assert "name another place with --socket" in capsys.readouterr().err


@pytest.mark.parametrize("question", [b"", b"\n", b"\xff\xfe\n", b"x" * 200_000 + b"\n"])
def test_a_bad_question_does_not_disturb_the_resolver(resolver, site, question):
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(str(resolver))
        try:
            asked.sendall(question)
            asked.shutdown(socket.SHUT_WR)
            asked.recv(1000)
        except OSError:
            pass  # the resolver has disconnected
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(str(resolver))
        asked.sendall(f"{site}/song.wav\n".encode())
        assert answer_of(asked.recv(1000)) == Answer(uri=f"{site}/song.wav")


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"3", b'{"uri": "x"}', b'{"uri": "http://a\\nb"}', b'{"other": ""}']
)
def test_a_line_that_is_not_an_answer_is_refused(line):
    with pytest.raises(ValueError, match=r"."):
        answer_of(line)


def test_the_player_finds_the_socket_where_the_resolver_makes_it(tmp_path):
    own = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert find_socket(own) == server_of_the_system()
    path = own_socket(own)
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(str(path))
        assert find_socket(own) == path
    assert find_socket({}) == server_of_the_system()


def server_of_the_system():
    return find_socket({"HOME": "/nowhere"})


# What it does not do for the process that sees faces


def ask_at(path, question):
    """The answer to a question, None if there is none."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(str(path))
        asked.settimeout(20)
        asked.sendall(question.encode() + b"\n")
        line = asked.makefile("rb").readline()
    return answer_of(line) if line else None


def test_only_the_owners_links_reach_the_network(tmp_path, site):
    sources, path = tmp_path / "sources", tmp_path / "resolver"
    sources.write_text(f"{site}/song.wav\n")
    started = start(path, "--sources", str(sources))
    stolen = f"{site}/{'picture' * 200}"
    assert ask_at(path, stolen) == Answer(uri=stolen)  # for MPD, as without a resolver
    assert ask_at(path, f"{site}/song.wav") == Answer(uri=f"{site}/song.wav")
    assert ask_at(path, "x" * 5000) is None
    assert set(Site.seen) == {"/song.wav"}
    assert stop(started)[0] == 0


def test_a_link_longer_than_a_question_is_not_looked_up_but_played(shared_mpd, app, site, resolver):
    long = f"{site}/radio?{'x' * 2100}"
    player = player_for(shared_mpd, long)
    assert put_on(player).uri == long
    assert Site.seen in ([], [long.removeprefix(site)])  # MPD's own
    player.close()


def test_a_thousand_silent_clients_cost_nothing_and_go(resolver, site):
    silent = []
    for _ in range(1000):
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        with suppress(OSError):
            client.connect(str(resolver))
        silent.append(client)
    answer = wait_for(
        lambda: tried(resolver, f"{site}/song.wav"), seconds=20
    )  # within five seconds the first ones have to go
    assert answer == Answer(uri=f"{site}/song.wav")
    for client in silent:
        client.close()


def tried(path, question):
    try:
        return ask_at(path, question)
    except OSError:
        return None


def test_thirty_two_links_are_looked_up_and_the_next_is_asked_for_again(monkeypatch):
    async def many():
        resolver, look_ups = server.Resolver(), LookUps()
        use(monkeypatch, look_ups)
        begun = [resolver._begin(f"http://radio.example/{number}") for number in range(40)]
        look_ups.released.set()
        await asyncio.gather(*filter(None, begun))
        await asyncio.sleep(0)
        later = resolver._begin("http://radio.example/40")
        room = len(resolver._lookups)
        await resolver.close()
        return sum(task is not None for task in begun), later is not None, room

    assert asyncio.run(many()) == (32, True, 32)
