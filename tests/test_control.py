"""The control socket: a real socket and real clients; the test takes each step of the loop."""

import json
import random
import socket
import threading
import time
from contextlib import closing, suppress
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
from conftest import wait_for
from controls import HAPPY, STEP, RecordingControls

from appliance.decide.policy import NEVER
from appliance.errors import ModelError
from appliance.face_regions import REGIONS
from appliance.history.queries import read_history
from appliance.history.store import SqliteStore
from appliance.records import CameraAdvice, Emotion, FaceWeights, Mood, Play
from appliance.remote.control import ControlServer
from appliance.remote.control_connection import Connection
from appliance.remote.control_events import STATUS_EVENTS, TROUBLE
from appliance.remote.control_history import HistoryReader
from appliance.remote.control_socket import listen
from appliance.remote.messages import WORDS, answer
from appliance.remote.status import Status
from appliance.settings import ControlSettings, MpdSettings, Settings, StoreSettings

KIB = 1024
NOON = 1_795_780_800.0  # 2026-11-27T12:00:00Z


class Jukebox:
    """A control server whose steps the test takes."""

    def __init__(self, database):
        settings = Settings(mpd=MpdSettings(password="hush"))
        self.controls = RecordingControls(settings)
        self.path = database.with_name("control.sock")
        self.server = ControlServer(
            listen(ControlSettings(), database, {}), HistoryReader(database)
        )
        self.clients = []

    def step(self, times=1, step=STEP):
        for _ in range(times):
            self.server.serve(step, self.controls)

    def client(self):
        self.clients.append(Client(self))
        return self.clients[-1]

    def close(self):
        for client in self.clients:
            client.socket.close()
        self.server.close()


class Client:
    """A program that writes lines and reads lines."""

    def __init__(self, jukebox, *, greeted=True):
        self._jukebox = jukebox
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(jukebox.path))
        self.socket.setblocking(False)
        self._received = b""
        if greeted:
            jukebox.step()
            self.greeting = self.line()

    def send(self, line):
        """As much as the socket takes."""
        with suppress(BlockingIOError):
            return self.socket.send(line)
        return 0

    def ask(self, word, number=1, **arguments):
        self.send(json.dumps({"id": number, "do": word, "args": arguments}).encode() + b"\n")
        self._jukebox.step()
        return self.line()

    def line(self):
        """The next line; None if there is none, "end" if the jukebox has hung up."""
        with suppress(BlockingIOError):
            while b"\n" not in self._received:
                try:
                    found = self.socket.recv(KIB * KIB)
                except ConnectionResetError:  # hung up with requests unread
                    found = b""
                if not found:
                    return "end"
                self._received += found
        if b"\n" not in self._received:
            return None
        line, self._received = self._received.split(b"\n", 1)
        assert len(line) <= 64 * KIB
        return json.loads(line.decode())

    def lines(self):
        """All lines that are there."""
        return list(iter(self.line, None))

    def lines_to_the_end(self):
        """All lines until the jukebox hangs up, without what it could not send completely."""
        self.socket.setblocking(True)
        return list(iter(self.line, "end"))

    def page(self, **arguments):
        """An answer that comes later."""
        return self.page_of("history", **arguments)

    def page_of(self, word, **arguments):
        """The same to another word."""
        answer = self.ask(word, **arguments)
        while answer is None:
            time.sleep(0.01)
            self._jukebox.step()
            answer = self.line()
        return answer


@pytest.fixture
def database(tmp_path):
    return tmp_path / "jukebox.db"


@pytest.fixture
def jukebox(database):
    with closing(Jukebox(database)) as made:
        yield made


@pytest.fixture
def client(jukebox):
    return jukebox.client()


def code(answer):
    return answer["error"]["code"]


# --- what can be asked ---------------------------------------------------------------------------


def test_a_client_is_greeted_with_the_version_and_the_protocol(client):
    assert client.greeting["protocol"] == 1
    assert set(client.greeting) == {"jukebox", "protocol"}
    assert client.line() is None


SAID = [
    ("mood", {"emotion": "sad"}, "mood sad"),
    ("looks", {"emotion": "sad"}, "looks sad"),
    ("auto", {}, "auto"),
    ("hold", {"minutes": 45}, "hold 45"),
    ("hold", {"minutes": "45"}, "hold 45"),
    ("hold", {}, "hold"),
    ("resume", {}, "resume"),
    ("sleep", {"minutes": 20.5}, "sleep 20.5"),
    ("sleep", {"minutes": "off"}, "sleep off"),
    ("camera", {"state": "off"}, "camera off"),
    ("calibrate", {}, "calibrate"),
    ("calibrate", {"forget": False}, "calibrate"),
    ("calibrate", {"forget": True}, "calibrate forget"),
    ("status", {}, "status"),
    ("why", {}, "why"),
]


@pytest.mark.parametrize(("word", "arguments", "message"), SAID)
def test_every_word_of_tell_is_answered_as_on_mpds_channel(client, word, arguments, message):
    told = client.ask(word, 7, **arguments)
    assert (told["id"], told["ok"]) == (7, True)
    assert told["text"] == answer(message, STEP, RecordingControls())


def test_every_word_of_tell_is_tried_here():
    assert {word for word, _, _ in SAID} == set(WORDS)


def test_what_is_asked_for_is_done(jukebox, client):
    client.ask("mood", emotion="sad")
    assert jukebox.controls.policy.asked is Emotion.SAD
    client.ask("hold", minutes=45)
    assert jukebox.controls.policy.hold_until_s == 1000.0 + 45 * 60
    client.ask("sleep", minutes=20)
    assert jukebox.controls.policy.sleep_at_s == 1000.0 + 20 * 60
    client.ask("resume")
    assert jukebox.controls.policy.sleep_at_s == NEVER
    client.ask("camera", state="off")
    assert jukebox.controls.off is True
    client.ask("calibrate")
    assert jukebox.controls.calibrations == [1000.0]


def test_it_answers_while_mpd_is_away(jukebox, client):
    client.send(b'{"id": 1, "do": "mood", "args": {"emotion": "happy"}}\n{"id": 2, "do": "why"}\n')
    jukebox.step(step=replace(STEP, playback=None))
    assert [told["ok"] for told in client.lines()] == [True, True]


def test_status_and_why_hold_data_for_programs(client):
    status = client.ask("status")["data"]
    assert (status["emotion"], status["title"], status["player"]) == ("happy", "Sunny", "play")
    why = client.ask("why")["data"]
    assert why["reason"] == "the room looks happy"
    assert why["faces"][0]["track"] == 3
    assert why["faces"][0]["probabilities"]["happy"] == 0.9


def test_settings_are_those_in_force_with_passwords_masked(client):
    told = client.ask("settings")
    assert told["data"]["mood"]["dwell_s"] == 8.0
    assert told["data"]["mpd"]["password"] == "********"
    assert "hush" not in json.dumps(told)


def test_settings_are_read_again_when_asked(jukebox, client):
    assert client.ask("reload")["ok"] is True
    assert jukebox.controls.reloads == 1


@pytest.mark.parametrize(
    ("line", "number", "text"),
    [
        (b"", None, "not JSON"),
        (b"mood happy", None, "not JSON"),
        (b"\xff\xfe\x00", None, "not JSON"),
        (b"\x16\x03\x01\x02\x00", None, "not JSON"),  # somebody tries TLS
        (b"[" * 60_000, None, "not JSON"),
        (b'{"id": ' + b"9" * 5000 + b"}", None, "not JSON"),
        (b"[]", None, "not a JSON object"),
        (b'"status"', None, "not a JSON object"),
        (b'{"do": "status"}', None, "id must be"),
        (b'{"id": true, "do": "status"}', None, "id must be"),
        (b'{"id": [1], "do": "status"}', None, "id must be"),
        (b'{"id": 4}', 4, "do must be"),
        (b'{"id": 4, "do": ["status"]}', 4, "do must be"),
        (b'{"id": 4, "do": "status", "args": 5}', 4, "args must be"),
        (b'{"id": 4, "do": "dance"}', 4, "unknown word 'dance'; the words are mood, looks"),
        (b'{"id": 4, "do": "teach"}', 4, "name must be the name of a person"),
        (b'{"id": 4, "do": "teach", "args": {"name": 7}}', 4, "name must be the name"),
        (b'{"id": 4, "do": "teach", "args": {"what": "cook"}}', 4, "what must be one of faces"),
        (b'{"id": 4, "do": "Status"}', 4, "unknown word"),
        (b'{"id": 4, "do": "\\ud800"}', 4, "unknown word"),
        (b'{"id": 4, "do": "mood"}', 4, "it must be one of angry"),
        (b'{"id": 4, "do": "mood", "args": {"emotion": "\\ud800"}}', 4, "must be one of"),
        (b'{"id": 4, "do": "mood", "args": {"emotion": ["happy"]}}', 4, "a text or a number"),
        (b'{"id": 4, "do": "hold", "args": {"minutes": NaN}}', 4, "number of minutes"),
        (b'{"id": 4, "do": "hold", "args": {"minutes": 1e999}}', 4, "number of minutes"),
        (b'{"id": 4, "do": "sleep"}', 4, "number of minutes"),
        (b'{"id": 4, "do": "camera", "args": {"state": true}}', 4, "camera on or camera off"),
        (b'{"id": 4, "do": "history", "args": {"what": "faces"}}', 4, "what must be one of mood"),
        (b'{"id": 4, "do": "history", "args": {"what": []}}', 4, "what must be one of mood"),
        (b'{"id": 4, "do": "history", "args": {"from": "noon"}}', 4, "from must be a time"),
        (b'{"id": 4, "do": "history", "args": {"from": "2026-11-27T12:00:00"}}', 4, "in UTC"),
        (b'{"id": 4, "do": "history", "args": {"to": 1}}', 4, "to must be a time"),
        (b'{"id": 4, "do": "history", "args": {"after": "x"}}', 4, "what the answer before gave"),
        (b'{"id": 4, "do": "history", "args": {"after": "\\ud800 mood 1"}}', 4, "answer before"),
    ],
)
def test_what_means_nothing_is_a_usage_error_and_the_next_request_counts(
    jukebox, client, line, number, text
):
    client.send(line + b"\n" + b'{"id": 5, "do": "status"}\n')
    jukebox.step(3)
    wrong, right = client.lines()
    assert (wrong["id"], wrong["ok"], code(wrong)) == (number, False, "usage")
    assert text in wrong["error"]["text"]
    assert len(wrong["error"]["text"]) < 220
    assert (right["id"], right["ok"]) == (5, True)


def test_fields_that_are_not_known_are_ignored(client):
    client.send(b'{"id": 1, "do": "status", "args": {"colour": 1}, "token": [2]}\n')
    client._jukebox.step()
    assert client.line()["ok"]


def test_only_what_changes_something_is_logged_and_repetitions_once(client, caplog):
    caplog.set_level(20)
    for _ in range(3):
        client.ask("status")
        client.ask("mood", emotion="sad")
        client.ask("mood", emotion="sad\n<3>all is lost")
    assert caplog.messages == ["asked for: mood sad"]


# --- lines ---------------------------------------------------------------------------------------


def test_a_line_may_come_in_pieces(jukebox, client):
    for piece in (b'{"id": 1, "d', b'o": "stat', b'us"}'):
        client.send(piece)
        jukebox.step()
        assert client.line() is None
    client.send(b"\n")
    jukebox.step()
    assert client.line()["ok"]


def padded(size):
    """A request of so many bytes."""
    request = b'{"id": 1, "do": "status", "pad": "%s"}'
    return request % (b"x" * (size - len(request) + 2))


def send_slowly(jukebox, client, data):
    while data:
        data = data[client.send(data) :]
        jukebox.step()


def test_a_line_may_have_64_kib(jukebox, client):
    send_slowly(jukebox, client, padded(64 * KIB) + b"\n")
    jukebox.step()
    assert client.line()["ok"]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_longer_line_ends_the_connection_with_a_reason(jukebox, client, end):
    send_slowly(jukebox, client, padded(64 * KIB + 1) + end)
    jukebox.step(2)
    told = client.line()
    assert (told["id"], code(told)) == (None, "usage")
    assert "65536 bytes" in told["error"]["text"]
    assert client.line() == "end"
    assert jukebox.client().ask("status")["ok"]


def test_who_has_said_all_still_gets_the_answers(jukebox, client):
    """As with `printf … | nc -U control.sock`."""
    client.send(b'{"id": 1, "do": "status"}\n{"id": 2, "do": "why"}\n{"id": 3, "do"')
    client.socket.shutdown(socket.SHUT_WR)
    jukebox.step(2)
    assert [told["id"] for told in iter(client.line, "end")] == [1, 2]


def test_who_asks_and_hangs_up_is_heard(jukebox, client):
    client.send(b'{"id": 1, "do": "mood", "args": {"emotion": "sad"}}\n')
    client.socket.close()
    jukebox.step(2)
    assert jukebox.controls.policy.asked is Emotion.SAD
    assert not jukebox.server._clients


def test_an_answer_fits_into_a_line_whatever_a_song_is_called(jukebox, client):
    long = replace(jukebox.controls.status(), title="\x01" * 100_000)
    jukebox.controls.status = lambda: long
    told = client.ask("status")
    assert told["ok"]
    assert len(told["data"]["title"]) == 1000


# --- clients that behave badly -------------------------------------------------------------------


def test_a_client_that_does_not_read_is_dropped_and_others_are_served(jukebox, client):
    slow = jukebox.client()
    for number in range(2000):
        slow.send(b'{"id": 1, "do": "settings"}\n' * 16)
        assert client.ask("status", number)["id"] == number
        if len(jukebox.server._clients) == 1:
            break
    answers = [told for told in slow.lines_to_the_end() if told["ok"]]
    assert 50 < len(answers) < 500  # what the kernel keeps, and 256 KiB at most


def test_a_subscriber_that_does_not_read_is_dropped_256_kib_behind(jukebox, client):
    client.ask("subscribe")
    told = 0
    while jukebox.server._clients:
        jukebox.server.tell("touch", action="x" * 1000)
        jukebox.step()
        told += 1
    assert 256 <= told <= 1000  # the kernel keeps some 200 KiB besides


def test_beside_as_many_floods_as_there_is_room_for_nobody_waits_longer_than_three_steps(jukebox):
    floods = [jukebox.client() for _ in range(31)]
    for number in range(32):  # wherever the turn stands just now
        for flood in floods:
            flood.send(b'{"id": 1, "do": "why"}\n' * 1000)
            flood.lines()
        jukebox.step(number % 2)
        other = jukebox.client()
        other.send(b'{"id": 7, "do": "status"}\n')
        jukebox.step(3)
        assert [told.get("id") for told in other.lines()] == [7]
        other.socket.close()
        jukebox.step(2)


def test_a_client_that_floods_gets_its_turn_and_no_more(jukebox, client):
    flood, other = jukebox.client(), client
    most = 0
    for number in range(30):
        flood.send(b'{"id": 1, "do": "status"}\n' * 5000)
        assert other.ask("status", number)["id"] == number  # within one step
        answered = [told for told in flood.lines() if told != "end"]
        most = max(most, len(answered))
        assert max(len(asked._received) for asked in jukebox.server._clients) <= 128 * KIB
    assert 0 < most <= 16


def test_large_requests_are_few_in_a_step(jukebox):
    clients = [jukebox.client() for _ in range(8)]
    for client in clients:
        client.send(padded(60 * KIB) + b"\n")
    jukebox.step()
    assert sum(client.line() is not None for client in clients) == 2
    jukebox.step(4)
    assert sum(client.line() is not None for client in clients) == 6


def test_a_hundred_clients_are_32_and_the_idlest_go_with_a_reason(jukebox):
    watcher, worker = jukebox.client(), jukebox.client()
    watcher.ask("subscribe")
    idle = [jukebox.client() for _ in range(30)]
    assert len(jukebox.server._clients) == 32
    worker.ask("status")
    idle[0].ask("status")
    for number in range(70):
        jukebox.client()
        worker.ask("status")
        assert len(jukebox.server._clients) == 32, number
    told = idle[1].line()
    assert (told["id"], code(told)) == (None, "refused")
    assert "32 connections" in told["error"]["text"]
    assert idle[1].line() == "end"
    assert worker.ask("status")["ok"]
    jukebox.server.tell("touch", action="pause")
    assert watcher.line()["event"] == "touch"


def test_clients_that_come_all_at_once_are_greeted_over_some_steps(jukebox):
    clients = [Client(jukebox, greeted=False) for _ in range(16)]
    jukebox.clients += clients
    jukebox.step()
    assert sum(client.line() is not None for client in clients) == 8
    jukebox.step()
    assert sum(client.line() is not None for client in clients) == 8


def test_garbage_of_every_kind_ends_nothing(jukebox):
    chance = random.Random(17)
    pieces = [
        b"\n", b"{", b"}", b'"', b'{"id":1,"do":"', b"mood", b'"}', b"\x00", b"\xff", b"[1e9",
        b'{"id":1,"do":"history","args":{"from":', b"\\ud800", b"null", b'"args":',
    ]  # fmt: skip
    for _ in range(60):
        client = jukebox.client()
        for _ in range(20):
            client.send(b"".join(chance.choices(pieces, k=chance.randrange(1, 200))))
            jukebox.step()
            if client.line() == "end":
                break
        client.socket.close()
    assert jukebox.client().ask("status")["ok"]


def test_no_listener_no_clients(jukebox):
    server = ControlServer()
    server.serve(STEP, jukebox.controls)
    server.tell("touch", action="pause")
    server.close()


# --- events --------------------------------------------------------------------------------------


def test_a_subscriber_gets_the_status_and_then_what_changes_in_order(jukebox, client):
    before = jukebox.controls.status()
    jukebox.server.tell_change(before)
    jukebox.server.tell("touch", action="pause")  # before anybody listens
    told = client.ask("subscribe")
    assert told["data"]["seq"] == 1
    assert told["data"]["title"] == "Sunny"
    jukebox.server.tell_change(before)
    assert client.line() is None
    now = replace(before, title="Rain", emotion=Emotion.SAD, asked=Emotion.SAD, player="lost")
    jukebox.server.tell_change(now)
    jukebox.server.tell("settings", good=True, text="the new settings are in force")
    events = client.lines()
    assert [(event["event"], event["seq"]) for event in events] == [
        ("mood", 2), ("play", 3), ("hold", 4), ("trouble", 5), ("settings", 6),
    ]  # fmt: skip
    assert events[0]["emotion"] == "sad"
    assert (events[1]["title"], events[1]["player"]) == ("Rain", "lost")
    assert (events[3]["what"], events[3]["lost"]) == ("player", True)
    status = told["data"]
    for event in events:
        status |= {key: value for key, value in event.items() if key in status and key != "seq"}
    assert Status(**{key: value for key, value in status.items() if key != "seq"}) == now


def test_who_has_not_subscribed_hears_no_events(jukebox, client):
    other = jukebox.client()
    client.ask("subscribe")
    jukebox.server.tell("touch", action="pause")
    assert client.line()["event"] == "touch"
    assert other.line() is None


@pytest.mark.parametrize("what", ["camera", "player", "history"])
def test_what_is_lost_is_trouble_that_begins_and_ends(jukebox, client, what):
    client.ask("subscribe")
    fine = jukebox.controls.status()
    for status in (fine, replace(fine, **{what: "lost"}), fine):
        jukebox.server.tell_change(status)
    troubles = [event for event in client.lines() if event["event"] == "trouble"]
    assert [(event["what"], event["lost"], event[what]) for event in troubles] == [
        (what, True, "lost"),
        (what, False, getattr(fine, what)),
    ]


def test_each_key_of_the_status_travels_with_one_event():
    keys = [key for group in STATUS_EVENTS.values() for key in group]
    keys += [what for what in TROUBLE if what not in keys]
    assert sorted(keys) == sorted(Status.__dataclass_fields__)


# --- the history ---------------------------------------------------------------------------------


def fill(database, rows):
    with closing(SqliteStore(StoreSettings(path=str(database)))) as store:
        for number in range(rows):
            mood = Mood("settled", Emotion.HAPPY, 0.9, 1, 0.0)
            store.record_mood(NOON + number // 3, mood)
        store.record_play(NOON + 1, Play("Sun", "sun.opus", Emotion.HAPPY, "happy", "why"), mood)
        store.record_listener_action(NOON + 2, "pause")
        store.write(NOON + rows)


def test_the_history_comes_in_pages_that_fit_together(database, jukebox, client):
    fill(database, 2500)
    pages, after = [], {}
    while not pages or after["after"]:
        told = client.page(**after)
        assert told["ok"], told
        pages.append(told["data"]["rows"])
        after = {"after": told["data"]["next"]}
    rows = [row for page in pages for row in page]
    assert max(map(len, pages)) <= 1000
    assert len(rows) == 2502
    assert rows == [asdict(entry) for entry in read_history(database, 0.0, limit=9999)]


def test_the_history_of_some_hours_and_of_one_kind(database, client):
    fill(database, 30)
    told = client.page(**{"from": "2026-11-27T12:00:02Z", "to": "2026-11-27T13:00:04+01:00"})
    assert [row["at"][-3:] for row in told["data"]["rows"]] == ["02Z"] * 4 + ["03Z"] * 3
    assert told["data"]["next"] is None
    (touch,) = client.page(what="touch")["data"]["rows"]
    assert (touch["what"], touch["reason"]) == ("touch", "pause")
    (play,) = client.page(what="play")["data"]["rows"]
    assert (play["title"], play["uri"], play["source"]) == ("Sun", "sun.opus", "happy")


def test_the_minutes_come_added_up_by_hour_and_by_day(database, client):
    with closing(SqliteStore(StoreSettings(path=str(database)))) as store:
        for minute in range(300):
            store.record_seconds(NOON + 60 * minute, Mood("settled", HAPPY, 0.9, 1, 0.0), 60.0)
    first = client.page(number=1, what="minutes")
    assert len(first["data"]["rows"]) == 250
    assert first["data"]["rows"][0]["at"] == "2026-11-27T12:00:00Z"
    rest = client.page(number=2, what="minutes", after=first["data"]["next"])
    assert (len(rest["data"]["rows"]), rest["data"]["next"]) == (50, None)
    hours = client.page(number=3, what="hours")["data"]["rows"]
    assert [hour["happy_s"] for hour in hours] == [3600.0] * 5
    days = client.page(number=4, what="days")["data"]["rows"]
    assert sum(day["happy_s"] for day in days) == 18_000.0
    some = client.page(number=5, what="minutes", to="2026-11-27T12:10:00Z")["data"]["rows"]
    assert len(some) == 10


def test_a_part_of_the_history_is_forgotten_when_somebody_asks(jukebox, client):
    told = client.page_of(
        "forget", **{"from": "2026-11-27T12:00:00Z", "to": "2026-11-27T13:00:00Z"}
    )
    assert (told["text"], told["data"]) == ("3 rows forgotten", {"rows": 3})
    assert jukebox.controls.forgotten == [(NOON, NOON + 3600)]
    assert "must be a time" in client.ask("forget", 2, to="noon")["error"]["text"]


def test_a_code_is_looked_for_and_its_word_comes_later(jukebox, client):
    assert client.ask("scan", 1) is None
    jukebox.controls.scanned.set_result("ABCDEFGHKL")
    jukebox.step()
    assert client.line()["data"] == {"word": "ABCDEFGHKL"}
    assert "seconds must be" in client.ask("scan", 2, seconds=0)["error"]["text"]
    assert "seconds must be" in client.ask("scan", 3, seconds="long")["error"]["text"]


def test_a_wifi_code_is_for_root_and_the_jukeboxs_own_user_alone(jukebox, client, monkeypatch):
    assert client.ask("scan", 1, **{"for": "wifi"}) is None
    assert jukebox.controls.looked_for == "wifi"
    monkeypatch.setattr(Connection, "is_trusted", False)
    assert "only root" in client.ask("scan", 2, **{"for": "wifi"})["error"]["text"]
    assert "for must be" in client.ask("scan", 3, **{"for": "faces"})["error"]["text"]


@pytest.mark.parametrize("fit", [True, False])
def test_what_the_picture_is_like_comes_later_in_words_and_nothing_else(jukebox, client, fit):
    assert client.ask("view", 1) is None
    jukebox.controls.viewed.set_result(CameraAdvice(fit, "it is black: switch on a light"))
    jukebox.step()
    answer = client.line()
    assert (answer["text"], answer["data"]) == ("it is black: switch on a light", {"fit": fit})


def test_what_spoke_comes_later_as_numbers_by_region_and_nothing_else(jukebox, client):
    assert client.ask("explain", 1) is None
    weights = dict.fromkeys(REGIONS, 0.0) | {"mouth": 0.7, "nose": 0.3}
    jukebox.controls.explained.set_result([FaceWeights(3, HAPPY, weights)])
    jukebox.step()
    answer = client.line()
    assert answer["text"] == "face 3: for happy spoke most the mouth"
    assert answer["data"] == {"faces": [{"track": 3, "emotion": "happy", "weights": weights}]}


def test_a_model_that_cannot_be_explained_is_an_answer_and_no_end(jukebox, client):
    assert client.ask("explain", 1) is None
    jukebox.controls.explained.set_exception(ModelError("nothing can explain it"))
    jukebox.step()
    assert client.line()["error"] == {"code": "unavailable", "text": "nothing can explain it"}
    assert client.ask("status", 2)["ok"]


def test_how_it_looks_is_noted_and_nothing_else_happens(jukebox, client):
    assert client.ask("looks", emotion="sad")["text"].startswith("noted that it looks sad")
    assert jukebox.controls.corrections == ["sad"]
    assert jukebox.controls.policy.asked is None


def test_what_is_learned_from_looks_is_told(jukebox, client):
    jukebox.controls.learned = "an example of Ann"
    told = client.ask("looks", emotion="sad")["text"]
    assert told == "noted that it looks sad now; an example of Ann; the music stays as it is"


def test_people_are_taught_named_and_forgotten(jukebox, client):
    assert client.ask("teach", 1, name="Ann")["text"] == "Ann: sit down"
    client.ask("teach", 2, name="Bob", what="rest")
    client.ask("teach", 3, what="stop")
    assert jukebox.controls.lessons == [("Ann", False), ("Bob", True), ("", False)]
    known = client.ask("teach", 4, what="list")
    assert known["text"] == "Ann: happy 2, sad 2.5"
    assert known["data"] == {"people": {"Ann": {"happy": 2.0, "sad": 2.5}}}
    gone = client.page_of("teach", what="forget", name="Ann")
    assert (gone["text"], gone["data"]) == ("forgotten, with 2 emotions", {"rows": 2})
    refused = client.ask("teach", 6, what="forget", name="Zoe")
    assert refused["error"]["text"] == "nobody is known as 'Zoe'"


def test_who_asks_ends_the_wait_for_the_next_frame(jukebox, client):
    began = time.monotonic()
    jukebox.server.wait(0.2)
    assert time.monotonic() - began >= 0.2
    client.send(b'{"id": 1, "do": "status"}\n')
    jukebox.server.wait(60.0)
    jukebox.step()
    assert client.line()["ok"]


def test_who_has_said_all_ends_no_wait(jukebox, client):
    client.ask("subscribe")
    client.socket.shutdown(socket.SHUT_WR)
    jukebox.step()
    began = time.monotonic()
    jukebox.server.wait(0.2)
    assert time.monotonic() - began >= 0.2


def test_a_history_that_is_not_there_is_unavailable(client):
    told = client.page()
    assert (told["ok"], code(told)) == (False, "unavailable")
    assert "does not exist" in told["error"]["text"]


@pytest.fixture
def slow_history(monkeypatch):
    """A history without rows, which begins to be read, and goes on when the test says so."""
    slow = SimpleNamespace(begun=threading.Event(), go_on=threading.Event())

    def wait(*_arguments, **_more):
        slow.begun.set()
        slow.go_on.wait(5.0)
        return []

    monkeypatch.setattr("appliance.remote.control_history.read_page", wait)
    yield slow
    slow.go_on.set()


def test_other_answers_do_not_wait_for_the_history(jukebox, client, slow_history):
    assert client.ask("history", 1) is None
    assert slow_history.begun.wait(5.0)
    assert client.ask("status", 2)["id"] == 2
    busy = [client.ask("history", number) for number in range(3, 30)]
    refused = [told for told in busy if told is not None]
    assert len(refused) == 12
    assert {code(told) for told in refused} == {"unavailable"}
    slow_history.go_on.set()
    answers = wait_for(lambda: jukebox.step() or client.line())
    assert (answers["id"], answers["data"]) == (1, {"rows": [], "next": None})


def test_who_has_said_all_still_gets_the_page(jukebox, client, slow_history):
    client.send(b'{"id": 1, "do": "history"}\n')
    client.socket.shutdown(socket.SHUT_WR)
    jukebox.step(3)
    slow_history.go_on.set()
    told = wait_for(lambda: jukebox.step() or client.line())
    assert (told["id"], told["data"]) == (1, {"rows": [], "next": None})
    jukebox.step()
    assert client.line() == "end"


def test_who_leaves_before_the_page_is_read_is_forgotten(database, jukebox, client):
    fill(database, 10)
    client.send(b'{"id": 1, "do": "history"}\n')
    jukebox.step()
    client.socket.close()
    wait_for(lambda: jukebox.step() or not jukebox.server._clients)
    assert jukebox.client().ask("status")["ok"]
