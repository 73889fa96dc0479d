"""The page of a running demo, asked by HTTP: what buttons do, streams, and what happens in need."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, closing

import pytest
from conftest import wait_for
from running import JUKEBOX, ask, started
from web_page import Browser, demo_with_page, page_and_button

from appliance.remote.control_client import ControlClient


@pytest.fixture(scope="module")
def demo(music, tmp_path_factory):
    with demo_with_page(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture
def browser(demo):
    return demo.browser()


def stream(port, cookie):
    """An event stream as a browser opens it; whoever calls reads it, or does not."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(
        f"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    return connection


def next_state(connection):
    """The next whole state of a stream."""
    connection.settimeout(10)
    text = ""
    while "event: state\ndata: " not in text or not text.endswith(("\n\n", "\r\n")):
        text += connection.recv(65536).decode()
    return json.loads(text.rpartition("data: ")[2].partition("\n")[0])


def test_the_demo_prints_a_link_that_pairs(demo):
    path = "/" + demo.link.split("/", 3)[3]
    guest = Browser(demo.port)
    assert guest.ask("/").status == 401
    assert demo.link[-6:] in guest.ask(path).text
    guest.cookie = guest.ask("/pair", {"code": demo.link[-6:], "name": "phone"}).cookie
    assert guest.ask("/").status == 200
    assert Browser(demo.port).ask("/pair", {"code": demo.link[-6:], "name": "x"}).status == 403


def test_devices_are_listed_and_revoked_from_the_terminal(demo, browser):
    config = ("--config", str(demo.config))
    known = json.loads(ask("pair", "--list", "--json", *config).stdout)["devices"]
    assert known[-1]["name"] == "phone"
    assert "token_hash" not in known[-1]
    assert "no longer paired" in ask("pair", "--revoke", known[-1]["id"], *config).stdout
    assert browser.ask("/").status == 401
    assert ask("pair", "--revoke", "nobody", *config).returncode == 2


def test_status_and_check_say_where_the_page_is(demo):
    config = ("--config", str(demo.config))
    link = demo.link.partition("pair?")[0]
    assert f"the page is at {link}" in ask("status", *config).stdout
    assert f"page: {link}" in ask("check", *config).stdout


def test_without_a_page_pairing_says_so(config):
    told = ask("pair", "--config", str(config))
    assert (told.returncode, told.stderr.strip()) == (
        1, "no page runs here; start it with: jukebox web",
    )  # fmt: skip


def test_with_the_owners_certificate_it_speaks_https(tmp_path, config):
    made, key = tmp_path / "own.pem", tmp_path / "key.pem"
    openssl = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=music.home",
    ]
    files = ["-days", "2", "-keyout", str(key), "-out", str(made)]
    subprocess.run([*openssl, *files], capture_output=True, check=True)
    made.write_bytes(made.read_bytes() + key.read_bytes())
    config.write_text(f'{config.read_text()}[web]\ncertificate = "{made}"\n')
    command = [*JUKEBOX, "web", "--config", str(config), "--address", "127.0.0.1", "--port", "0"]
    with started(command, stderr=subprocess.PIPE, text=True) as page:
        said = page.stderr.readline()
        port = int(said.rpartition(":")[2].strip("/\n"))
        trusting = ssl.create_default_context(cafile=str(made))
        trusting.check_hostname = False
        with closing(http.client.HTTPSConnection("127.0.0.1", port, context=trusting)) as asked:
            asked.request("GET", "/")
            assert asked.getresponse().status == 401
        page.send_signal(signal.SIGTERM)
        assert page.wait(5.0) == 0


def test_a_certificate_that_cannot_be_used_is_a_mistake_in_the_settings(config, tmp_path):
    config.write_text(f'{config.read_text()}[web]\ncertificate = "{tmp_path}/none.pem"\n')
    told = ask("web", "--config", str(config), "--address", "127.0.0.1", "--port", "0")
    assert told.returncode == 78
    assert "none.pem, which cannot be used: No such file" in told.stderr


# --- buttons -------------------------------------------------------------------------------------


def test_a_mood_is_asked_for_and_given_back(browser):
    done = browser.act(tell="mood sad")
    assert done["ok"]
    assert done["state"]["asked"] == "sad"
    browser.until(playing=True)
    assert browser.act(tell="auto")["state"]["asked"] == ""


def test_hold_resume_and_sleep(browser):
    assert browser.act(tell="hold", minutes="7")["state"]["held"] is True
    assert browser.act(tell="resume")["state"]["held"] is False
    done = browser.act(tell="sleep 30")
    assert done["state"]["sleeps"] is True
    assert "fades out at" in done["text"]
    assert browser.act(tell="sleep off")["state"]["sleeps"] is False


def test_the_camera_closes_and_opens(demo, browser):
    assert browser.act(tell="camera off")["ok"]
    browser.until(mood="camera off", camera=False)
    assert "camera is off" in ask("status", "--config", str(demo.config)).stdout
    assert browser.act(tell="camera on")["ok"]
    browser.until(camera=True)


def test_music_pauses_plays_and_goes_on_to_another_song(browser):
    browser.act(tell="mood neutral")
    before = browser.until(playing=True)
    assert browser.act(player="toggle")["state"]["playing"] is False
    assert browser.act(player="toggle")["state"]["playing"] is True
    browser.act(player="skip")
    after = wait_for(lambda: s if (s := browser.state())["song"] != before["song"] else None, 10)
    assert after["song"]
    browser.act(tell="auto")


def test_between_two_songs_nobody_reads_that_nothing_plays(demo, browser):
    browser.act(tell="mood happy")
    browser.until(playing=True)
    with stream(demo.port, browser.cookie) as events:
        songs = [next_state(events)["song"]]
        for _ in range(4):
            answered = browser.act(player="skip")["state"]["song"]
            while (song := next_state(events)["song"]) == songs[-1]:
                pass
            songs += [answered, song]
    assert "Nothing plays" not in songs
    browser.act(tell="auto")


def test_the_volume_is_turned_within_bounds(browser):
    assert browser.act(player="volume", value="33")["state"]["volume"] == 33
    assert "from 0 to 100" in browser.act(player="volume", value="loud")["text"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"tell": "sing"}, "unknown command"),
        ({"tell": "hold", "minutes": "-3"}, "number of minutes"),
        ({"tell": "mood\nauto"}, "unknown command"),
        ({"player": "explode"}, "not known"),
        ({}, "not known"),
    ],
)
def test_a_bad_wish_gets_a_sentence(browser, form, said):
    done = browser.act(**form, none="")
    assert done["ok"] is False
    assert said in done["text"] or "must be one of" in done["text"]


def test_without_a_script_a_button_leads_back_and_says_what_it_did(browser):
    answer = browser.ask("/", {"tell": "hold", "minutes": "5"})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    browser.cookie += "; " + answer.cookie
    assert "The music stays as it is until" in browser.ask("/").text
    browser.act(tell="resume")


def test_the_cover_of_the_song_is_shown(browser):
    state = browser.until(playing=True)
    cover = browser.ask(state["cover"])
    assert cover.status == 200
    assert cover.headers["content-type"] == "image/png"
    assert browser.ask("/cover/99999").status == 404


def test_why_names_all_seven_looks_of_each_face(browser):
    shown = wait_for(lambda: t if "Face 1" in (t := browser.ask("/why").text) else None, 20.0)
    assert all(look in shown for look in ("happy", "sad", "angry", "afraid", "disgusted"))


# --- streams -------------------------------------------------------------------------------------


def test_a_stream_begins_with_the_state_and_tells_each_change(demo, browser):
    with stream(demo.port, browser.cookie) as events:
        assert next_state(events)["volume"] is not None
        browser.act(player="volume", value="41")
        assert next_state(events)["volume"] == 41


def test_twenty_streams_and_one_that_never_reads_keep_nobody_waiting(demo):
    browsers = [demo.browser() for _ in range(5)]
    before = memory_kb(demo)
    with ExitStack() as at_end:
        streams = [
            at_end.enter_context(stream(demo.port, browser.cookie))
            for browser in browsers
            for _ in range(4)
        ]
        deaf, heard = streams[0], streams[1:]
        for connection in heard:
            next_state(connection)
        began = time.monotonic()
        for percent in range(30, 60):
            browsers[0].act(player="volume", value=str(percent))
            assert wait_for(lambda now=percent: next_state(heard[-1])["volume"] == now)
        assert time.monotonic() - began < 15.0
        for connection in heard[:-1]:
            assert wait_for(lambda one=connection: next_state(one)["volume"] == 59)
        assert memory_kb(demo) < before + 4_000
        assert memory_kb(demo) < 50_000
        del deaf


def test_a_fifth_stream_of_a_browser_ends_its_first(demo, browser):
    with ExitStack() as at_end:
        streams = [at_end.enter_context(stream(demo.port, browser.cookie)) for _ in range(5)]
        streams[0].settimeout(5)
        text = ""
        while "event: replaced" not in text:
            text += streams[0].recv(65536).decode()


def memory_kb(demo):
    with open(f"/proc/{demo.page_pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


# --- in need -------------------------------------------------------------------------------------


def test_from_click_to_state_takes_less_than_300_ms_in_the_median(browser):
    took = []
    for words in ["hold", "resume"] * 10:
        began = time.monotonic()
        browser.act(tell=words)
        took.append(time.monotonic() - began)
    assert sorted(took)[10] < 0.3


def test_the_button_of_the_jukebox_pairs_a_browser_without_a_code(config):
    with page_and_button(config) as (port, press):
        guest = Browser(port)
        assert guest.ask("/pair", {"name": "phone"}).status == 403
        press()
        guest.cookie = guest.ask("/pair", {"name": "phone"}).cookie
        assert guest.ask("/").status == 200


def test_a_face_is_taught_by_the_page_known_and_forgotten_by_the_terminal(demo, browser):
    """With the faces of the demo reel, which belong to nobody; after one face it is stopped."""
    config = ("--config", str(demo.folder / "jukebox.toml"))
    assert ask("teach", "--list", *config).stdout == "nobody was taught yet\n"
    browser.ask("/teach", {"what": "faces", "name": "Reel"})

    def says():
        return json.loads(browser.ask("/teach/now").text)

    wait_for(lambda: says()["sees"], 10.0)
    assert "Rest your face" in browser.ask("/teach").text
    wait_for(lambda: says()["place"].startswith("2"), 30.0)
    browser.ask("/teach", {"what": "stop"})
    wait_for(lambda: not says()["on"], 5.0)
    assert "From now on I read Reel by these faces." in browser.ask("/teach").text
    known = json.loads(ask("teach", "--list", "--json", *config).stdout)
    assert known == {"people": {"Reel": {"neutral": 1.0}}}
    assert ask("teach", "--forget", "Reel", *config).stdout == "forgotten, with 1 emotion\n"
    assert "Nobody yet." in browser.ask("/teach").text
    refused = ask("teach", "--forget", "Reel", *config)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "nobody is known as 'Reel'" in refused.stderr


def test_five_wrong_codes_lock(demo):
    code = demo.pair()
    guest = Browser(demo.port)
    answers = [guest.ask("/pair", {"code": f"WRONG{n}", "name": "x"}).text for n in range(5)]
    assert "five wrong codes" in answers[-1]
    assert guest.ask("/pair", {"code": code, "name": "x"}).status == 403
    assert demo.browser().ask("/").status == 200  # after a new code


def test_mpd_gone_is_said_and_over_when_it_is_back(demo, browser):
    children = ["pgrep", "--parent", str(demo.process.pid), "mpd"]
    mpd = int(subprocess.run(children, capture_output=True, text=True, check=True).stdout)
    os.kill(mpd, signal.SIGSTOP)
    try:
        began = time.monotonic()
        browser.act(player="toggle")
        browser.until(player=False)
        assert time.monotonic() - began < 15.0
    finally:
        os.kill(mpd, signal.SIGCONT)
    browser.until(player=True)
    browser.act(tell="resume")


def test_without_the_page_the_music_goes_on_and_a_new_one_finds_all_again(demo, browser):
    os.kill(demo.page_pid, signal.SIGKILL)
    with ControlClient(demo.folder / "control.sock") as jukebox:
        assert jukebox.ask("status")["data"]["player"] in ("play", "pause", "stop")
    with subprocess.Popen(
        [*JUKEBOX, "web", "--config", str(demo.config), "--port", str(demo.port)],
        stderr=subprocess.PIPE,
    ) as again:
        try:
            wait_for(lambda: _answers(browser), 20.0)
            assert browser.until(away=False)["player"] is True
            again.send_signal(signal.SIGTERM)
            assert again.wait(3.0) == 0
        finally:
            again.kill()
    assert not (demo.folder / "pair.sock").exists()


def _answers(browser):
    try:
        return browser.ask("/").status == 200
    except OSError:
        return False
