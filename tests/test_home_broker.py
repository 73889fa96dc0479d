"""The home with a real broker: restarted, locked, silent, killed; and every byte on the wire."""

import asyncio
import json
import signal
import subprocess
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from broker import MOSQUITTO, Mosquitto, Relay, at_home, listening, password_file, retained
from conftest import wait_for
from controls import serving
from running import JUKEBOX, ask, started

from appliance.home import broker as broker_module
from appliance.home import census, report
from appliance.home import session as session_module
from appliance.home.entities import Topics
from appliance.home.places import Access, topics_of
from appliance.home.probe import probe
from appliance.home.session import Session
from appliance.home.sharing import House
from appliance.home.telling import Teller
from appliance.home.withdrawal import withdraw
from appliance.records import Mood
from appliance.remote.control_socket import listen
from appliance.remote.status import Status
from appliance.settings import (
    ControlSettings,
    HomeSettings,
    MpdSettings,
    RoomsSettings,
    Settings,
    StoreSettings,
)

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="needs Debian's package mosquitto")
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@pytest.fixture
def mosquitto(tmp_path_factory):
    """One that remembers nothing of another test."""
    with Mosquitto(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def jukebox(tmp_path):
    """One that is asked and tells, at the control socket beside its database."""
    with serving(listen(ControlSettings(), tmp_path / "jukebox.db", {})) as (tell, controls):
        yield tell, controls


@pytest.fixture
def quick(monkeypatch):
    """A connection that is given up after two seconds, so that nobody waits for twenty."""
    monkeypatch.setattr(session_module, "KEEPALIVE_S", 1)
    monkeypatch.setattr(session_module, "ANSWER_S", 2.0)
    monkeypatch.setattr(session_module, "TICK_S", 0.2)
    monkeypatch.setattr(broker_module, "TRY_AGAIN_S", (0.2,))


def settings(folder, port, mpd="", **home):
    return Settings(
        home=HomeSettings(**({"address": "127.0.0.1", "port": port} | home)),
        store=StoreSettings(path=str(folder / "jukebox.db")),
        # Of a socket that is not there, python-mpd2 leaves one open until Python collects it.
        mpd=MpdSettings(address=str(mpd or "127.0.0.1"), port=1),
    )


def config(folder, port, more=""):
    file = folder / "jukebox.toml"
    file.write_text(
        f'[home]\naddress = "127.0.0.1"\nport = {port}\n{more}\n'
        f'[store]\npath = "{folder}/jukebox.db"'
        f'\n[mpd]\naddress = "{folder}/no-mpd"\n'
    )
    return file


def test_it_is_announced_told_and_asked(tmp_path, mosquitto, jukebox, shared_mpd):
    tell, controls = jukebox
    here = settings(tmp_path, mosquitto.port, shared_mpd.socket, share="mood", name="Kitchen")
    asked = topics_of(here, {}).command
    with listening(mosquitto.port) as house, at_home(here, {}):
        house.hears("/config", '"name": "Kitchen"')
        house.hears("/availability", "online")
        house.hears("/mood", '"mood": "happy"')
        house.hears("/state", '"volume": 100')
        tell("touch", action="skip")
        house.hears("/touch", '{"event_type": "skip"}')
        house.say(asked("camera"), "OFF")
        wait_for(lambda: controls.off is True)
        house.say(asked("asked"), "sad")
        house.hears("/state", '"asked": "sad"')
        house.say(asked("volume"), "31")
        house.hears("/state", '"volume": 31')
        tell("camera", camera="off")
        house.hears("/state", '"occupied": null, "camera": "OFF"')
        assert house.last("/availability") == "online"
    assert not [t for t, _, kept in house.came if kept]  # it listened before there was anything
    assert withdrawn(here) == {}


def withdrawn(here):
    """What the broker still keeps after a withdrawal."""
    home = here.home
    asyncio.run(withdraw(Access(home.address, home.port), topics_of(here, {})))
    return retained(home.port)


def test_the_jukebox_is_told_how_it_stands_with_the_broker(tmp_path, jukebox, quick, monkeypatch):
    monkeypatch.setattr(report, "EVERY_S", 0.2)
    _, controls = jukebox

    def says(good, text):
        wait_for(lambda: (told := controls.status().broker) and told["good"] is good, 20)
        assert text in controls.status().broker["text"]

    with Mosquitto(tmp_path) as mosquitto, at_home(settings(tmp_path, mosquitto.port), {}):
        says(True, "the broker at 127.0.0.1 is there")
        mosquitto.__exit__()
        says(False, f"at 127.0.0.1:{mosquitto.port} nobody listens (Connection refused)")
        with mosquitto:
            says(True, "is there")
    (tmp_path / "rules").write_text("topic read #\n")
    with (
        Mosquitto(tmp_path, f"allow_anonymous true\nacl_file {tmp_path}/rules") as mosquitto,
        at_home(settings(tmp_path, mosquitto.port), {}),
    ):
        says(False, "the broker's rules forbid this user to write to jukebox/")


def test_after_a_wish_that_the_broker_kept_nothing_happens(tmp_path, mosquitto, jukebox):
    _, controls = jukebox
    here = settings(tmp_path, mosquitto.port)
    topic = topics_of(here, {}).command("camera")
    with listening(mosquitto.port) as house:
        house.say(topic, "OFF", retain=True)
        wait_for(lambda: house.last("camera/set"))
        with at_home(here, {}):
            house.hears("/state", '"camera": "ON"')
            house.say(topics_of(here, {}).command("hold"), "PRESS")
            wait_for(lambda: controls.policy.hold_until_s > 0)
            assert controls.off is None
        house.say(topic, "", retain=True)
    assert withdrawn(here) == {}


def test_a_broker_that_was_killed_and_has_forgotten_all_is_told_again(tmp_path, jukebox, quick):
    with Mosquitto(tmp_path) as mosquitto:
        here = settings(tmp_path, mosquitto.port)
        with at_home(here, {}):
            wait_for(lambda: len(retained(mosquitto.port)) == 2)
            mosquitto.__exit__()
            with mosquitto, listening(mosquitto.port) as house:
                house.hears("/config", "components")
                house.hears("/state", '"occupied": "ON"')


def test_all_is_told_again_some_seconds_after_home_assistant_has_started(
    tmp_path, mosquitto, jukebox, monkeypatch
):
    monkeypatch.setattr("appliance.home.home.uniform", lambda low, _high: low / 4)
    here = settings(tmp_path, mosquitto.port)
    with listening(mosquitto.port) as house, at_home(here, {}):
        house.hears("/state", "occupied")
        before = len(house.came)
        house.say("homeassistant/status", "online")
        wait_for(lambda: any(topic.endswith("/config") for topic, *_ in house.came[before:]))
    withdrawn(here)


def test_a_wrong_password_is_said_once_and_a_right_one_goes_in(tmp_path, jukebox, quick, caplog):
    caplog.set_level("INFO", "jukebox")
    users = password_file(tmp_path, "jukebox", "hush")
    with Mosquitto(tmp_path, f"allow_anonymous false\npassword_file {users}") as mosquitto:
        wrong = settings(tmp_path, mosquitto.port, username="jukebox", password="loud")
        with at_home(wrong, {}):
            wait_for(lambda: mosquitto.log.read_text().count("not authorised") >= 3)
        said = [record.message for record in caplog.records if "it says" in record.message]
        assert len(said) == 1
        assert "Not authorized" in said[0]
        *_, last = probe(wrong, {})
        assert (last.what, last.good) == ("password", False)
        assert "home.username and the password" in last.text
        right = settings(tmp_path, mosquitto.port, username="jukebox", password="hush")
        assert [step.good for step in probe(right, {})] == [True] * 5
        with at_home(right, {}):
            wait_for(lambda: "the broker at" in caplog.text and "is there" in caplog.text)


def test_a_user_who_may_not_write_is_told_which_topic(tmp_path, quick):
    (tmp_path / "rules").write_text("user jukebox\ntopic readwrite jukebox/#\ntopic read #\n")
    users = password_file(tmp_path, "jukebox", "hush")
    rules = f"allow_anonymous false\npassword_file {users}\nacl_file {tmp_path}/rules"
    with Mosquitto(tmp_path, rules) as mosquitto:
        here = settings(tmp_path, mosquitto.port, username="jukebox", password="hush")
        *_, last = probe(here, {})
    assert (last.what, last.good) == ("permission", False)
    assert "forbid this user to write to homeassistant/device/" in last.text


def test_a_broker_that_falls_silent_is_left_and_found_again(tmp_path, mosquitto, jukebox, quick):
    tell, _ = jukebox
    with Relay(mosquitto.port) as relay, listening(mosquitto.port) as house:
        here = settings(tmp_path, relay.port)
        with at_home(here, {}):
            house.hears("/availability", "online")
            relay.swallows = True
            house.hears("/availability", "offline")  # by the will
            tell("camera", camera="off")
            relay.swallows = False
            house.hears("/availability", "online")
            house.hears("/state", '"camera": "OFF"')
        house.hears("/availability", "offline")  # it said goodbye
    assert set(withdrawn(settings(tmp_path, mosquitto.port))) == set()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


def test_it_speaks_tls_with_a_broker_whose_authority_the_owner_names(
    tmp_path, certificate, jukebox
):
    tls = f"certfile {certificate}/cert.pem\nkeyfile {certificate}/key.pem"
    authority = str(certificate / "cert.pem")
    with Mosquitto(tmp_path, tls=tls) as mosquitto:
        good = settings(tmp_path, mosquitto.port, tls=True, authority=authority)
        assert [step.what for step in probe(good, {}) if step.good] == [
            "settings", "name", "port", "TLS", "password", "permission",
        ]  # fmt: skip
        with at_home(good, {}):
            wait_for(
                lambda: "components" in str(retained(mosquitto.port, tls=True, authority=authority))
            )
        *_, unknown = probe(settings(tmp_path, mosquitto.port, tls=True), {})
        assert unknown.what == "TLS"
        assert "the certificate is not accepted: self-signed certificate" in unknown.text
        *_, plain = probe(settings(tmp_path, mosquitto.port), {})
        assert plain.what == "password"
        assert "perhaps this port wants TLS" in plain.text


def test_a_port_without_tls_is_named(tmp_path, mosquitto):
    *_, last = probe(settings(tmp_path, mosquitto.port, tls=True), {})
    assert (last.what, last.good) == ("TLS", False)
    assert "this port speaks no TLS" in last.text


def test_it_reaches_a_broker_by_its_socket(tmp_path, jukebox):
    place = tmp_path / "mqtt.sock"
    more = f"listener 0 {place}\nallow_anonymous true"
    with Mosquitto(tmp_path, more) as mosquitto:
        here = settings(tmp_path, mosquitto.port, address=str(place))
        assert all(step.good for step in probe(here, {}))
        with at_home(here, {}), listening(mosquitto.port) as house:
            house.hears("/state", '"occupied": "ON"')


def day(share, port, seconds=86_400):
    """Tells a whole day in which everything happens, every five seconds, over the real wire."""

    async def live():
        session = Session(Access("127.0.0.1", port), "day", lambda *_: None)
        await session.open()
        topics = Topics("jukebox", "jukebox_day")
        teller = Teller(topics, share, session.send, name="Kitchen", version="1")
        teller.connected()
        for time_s in range(0, seconds, 5):
            teller.tell(House(_at(time_s), volume=time_s // 600 % 100), float(time_s), 100)
            if time_s % 600 == 0:
                teller.touch("skip")
                assert await session.send_surely(topics.of("availability"), "online")  # all got out
        session.close()
        await withdraw(Access("127.0.0.1", port), topics)

    asyncio.run(live())


def _at(time_s):
    """How things are at this moment of the day: another mood every ten minutes, guests at times."""
    step = time_s // 600
    emotion = EMOTIONS[step % 7]
    state = ("settled", "settled", "uncertain", "nobody")[step % 4]
    shown = emotion if state == "settled" else None
    return asdict(
        Status(
            mood=f"1 face: the room looks {emotion}", emotion=shown, faces=step % 3, state=state,
            company=step % 5 == 0, camera=("reel", "reel", "off", "lost")[step // 3 % 4],
            player=("play", "pause", "lost")[step % 3], title=f"{emotion}/song.opus",
            playlist=emotion, listener_in_charge=step % 11 == 0, asked=(None, emotion)[step % 2],
            reason=f"the room looks {emotion}", refusal=("", f"MPD refuses {emotion}")[step % 2],
            sure="very" if shown else "", history=("kept", "lost")[step % 2],
        )
    )  # fmt: skip


def test_a_day_at_presence_puts_no_word_from_a_face_on_the_wire(mosquitto):
    with Relay(mosquitto.port) as relay:
        day("presence", relay.port)
        heard = bytes(relay.heard).lower()
        assert heard.count(b'"occupied": "on"') > 100
        assert heard.count(b'"occupied": "off"') > 100
        assert [word for word in (*EMOTIONS, "uncertain", "looks") if word.encode() in heard] == []
    with Relay(mosquitto.port) as relay:
        day("mood", relay.port, seconds=4_800)
        assert all(word.encode() in bytes(relay.heard) for word in EMOTIONS)  # it could be seen


# --- several rooms -------------------------------------------------------------------------------


def looks(controls, emotion):
    """Lets a jukebox say that its room looks like this."""
    before = controls.status
    controls.status = lambda: replace(before(), emotion=emotion)


def test_three_rooms_have_one_mood_until_the_leader_is_cut_off(tmp_path, mosquitto, monkeypatch):
    for module in ("rooms", "census"):
        monkeypatch.setattr(f"appliance.home.{module}.EVERY_S", 0.3)
    with ExitStack() as stack:
        boxes, houses = {}, []
        for name, emotion in {"Kitchen": "happy", "Hall": "sad", "Study": "sad"}.items():
            folder = tmp_path / name
            folder.mkdir()
            sockets = listen(ControlSettings(), folder / "jukebox.db", {})
            _, controls = stack.enter_context(serving(sockets))
            looks(controls, emotion)
            houses.append(controls.policy.house)
            here = settings(folder, mosquitto.port, share="all", name=name)
            boxes[name] = replace(here, rooms=RoomsSettings(join=True, leader=name == "Kitchen"))
        leader = stack.enter_context(ExitStack())
        for name, here in boxes.items():
            (leader if name == "Kitchen" else stack).enter_context(at_home(here, {}))
        own = Mood("nobody", None, 0.0, 0, 0.0)
        wait_for(lambda: all(h.instead_of(own, 1000.0).emotion == "sad" for h in houses))
        found = asyncio.run(census.listen(boxes["Hall"], {}, 2.0))
        assert [room["name"] for room in found.by_name()] == ["Hall", "Kitchen", "Study"]
        assert found.house["leader"] == topics_of(boxes["Kitchen"], {}).node
        assert (found.house["emotion"], found.house["faces"]) == ("sad", 3)
        leader.close()
        found = asyncio.run(census.listen(boxes["Hall"], {}, 2.0))
        assert [room["name"] for room in found.by_name()] == ["Hall", "Study"]
        assert found.house is None


# --- as a process --------------------------------------------------------------------------------


def test_killed_it_is_offline_by_the_will_and_its_memory_stays_as_it_was(
    tmp_path, mosquitto, jukebox
):
    tell, _ = jukebox
    file = config(tmp_path, mosquitto.port, 'share = "all"')
    home = [*JUKEBOX, "home", "--config", str(file)]
    with listening(mosquitto.port) as house:
        with started(home, stderr=subprocess.DEVNULL) as process:
            house.hears("/state", "occupied")

            def used_kb():
                text = Path(f"/proc/{process.pid}/status").read_text()
                return int(text.partition("VmRSS:")[2].split()[0])

            def changes(count):
                for number in range(count):
                    tell("camera", camera="off" if number % 2 else "reel")
                tell("camera", camera="off")
                house.hears("/state", '"camera": "OFF"')

            changes(2000)
            before = used_kb()
            assert before < 48 * 1024
            changes(8000)
            assert used_kb() - before < 2048
            process.kill()
            house.hears("/availability", "offline")
        assert ask("home", "forget", "--config", str(file)).returncode == 0
    assert retained(mosquitto.port) == {}


def test_switched_off_it_takes_back_what_brokers_keep_and_ends(tmp_path, mosquitto, jukebox):
    file = config(tmp_path, mosquitto.port)
    home = [*JUKEBOX, "home", "--config", str(file)]
    with started(home, stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: len(retained(mosquitto.port)) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    kept = retained(mosquitto.port)
    assert b"offline" in kept.values()
    config(tmp_path, mosquitto.port, 'share = "off"')
    done = ask("home", "--config", str(file))
    assert (done.returncode, retained(mosquitto.port)) == (0, {})
    assert "keeps nothing of this jukebox" in done.stderr


def test_with_another_prefix_nothing_is_left_under_the_former_one(tmp_path, mosquitto, jukebox):
    file = config(tmp_path, mosquitto.port)
    home = [*JUKEBOX, "home", "--config", str(file)]
    for prefix in ("jukebox", "house/music"):
        config(tmp_path, mosquitto.port, f'prefix = "{prefix}"')
        with started(home, stderr=subprocess.DEVNULL) as process:
            wait_for(lambda p=prefix: any(t.startswith(f"{p}/") for t in retained(mosquitto.port)))
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    topics = [topic for topic in retained(mosquitto.port) if not topic.startswith("homeassistant")]
    assert [topic.rpartition("/jukebox_")[0] for topic in topics] == ["house/music"]
    assert ask("home", "forget", "--config", str(file)).returncode == 0


def test_the_test_answers_programs_too(tmp_path, mosquitto):
    done = ask("home", "test", "--json", "--config", str(config(tmp_path, mosquitto.port)))
    steps = json.loads(done.stdout)
    assert [step["what"] for step in steps] == [
        "settings",
        "name",
        "port",
        "password",
        "permission",
    ]
    assert (done.returncode, all(step["good"] for step in steps)) == (0, True)
