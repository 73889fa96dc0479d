"""What the home tells and does, without a broker: levels of sharing, times, commands, places."""

import json
import re
from dataclasses import replace

import pytest
from controls import STATUS

from appliance.commands import home as verb
from appliance.config.loading import parse
from appliance.errors import BusyError, ConfigError
from appliance.home.commands import wish_of
from appliance.home.entities import ENTITIES, Topics, announcement
from appliance.home.places import Access, Published, access_of, lock_of, topics_of
from appliance.home.probe import probe
from appliance.home.sharing import House, mood_of, state_of
from appliance.home.telling import Teller
from appliance.settings import HomeSettings, Settings, StoreSettings

TOPICS = Topics("jukebox", "jukebox_1234")
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def house(**changes):
    return House(STATUS | changes, volume=40)


class Broker:
    """Keeps what is sent."""

    def __init__(self, share="mood"):
        self.sent = []
        self.teller = Teller(TOPICS, share, self._send, name="Kitchen", version="1")
        self.teller.connected()

    def _send(self, topic, payload, retain):
        self.sent.append((topic, payload, retain))

    def tell(self, now, time_s, volume_max=100):
        """The messages to which this moment leads, by the last part of their topics."""
        self.sent.clear()
        self.again_s = self.teller.tell(now, time_s, volume_max)
        return [topic.rpartition("/")[2] for topic, *_ in self.sent]


def announced(share, **more):
    return announcement(TOPICS, share, name="Kitchen", version="1", **({"volume_max": 80} | more))


# --- levels --------------------------------------------------------------------------------------


def test_at_presence_no_message_has_a_word_from_a_face():
    told = json.dumps(announced("presence"))
    for emotion in (*EMOTIONS, None):
        for state in ("settled", "uncertain", "nobody"):
            now = house(emotion=emotion, state=state, asked=emotion, reason=f"it looks {emotion}")
            told += json.dumps(state_of(now, "presence"))
            assert mood_of(now, "presence") is None
    assert not [word for word in (*EMOTIONS, "uncertain", "looks") if word in told.lower()]


def test_with_guests_the_mood_is_uncertain_and_nothing_says_why():
    for guests in ({"faces": 2}, {"faces": 1, "company": True}):
        told = mood_of(house(**guests), "mood")
        assert told == {"mood": "uncertain", "sure": None, "why": ""}
        assert mood_of(house(**guests), "all")["mood"] == "happy"


@pytest.mark.parametrize(
    ("changes", "occupied", "mood"),
    [
        ({}, "ON", "happy"),
        ({"emotion": None, "state": "uncertain", "sure": ""}, "ON", "uncertain"),
        ({"emotion": None, "state": "nobody", "faces": 0, "sure": ""}, "OFF", "nobody"),
        ({"camera": "off"}, None, None),
        ({"camera": "lost"}, None, None),
    ],
)
def test_what_is_told_of_the_room(changes, occupied, mood):
    now = house(**changes)
    assert (state_of(now, "mood")["occupied"], mood_of(now, "mood")["mood"]) == (occupied, mood)


def test_a_camera_that_is_off_says_so():
    assert state_of(house(camera="off"), "presence")["camera"] == "OFF"
    assert state_of(house(camera="lost"), "presence")["camera"] == "ON"


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (house(refusal=""), ""),
        (house(), "the music player lets the jukebox do nothing"),
        (house(refusal="", camera="lost"), "the camera is lost"),
        (house(refusal="", history="lost"), "the history cannot be written"),
        (house(refusal="", player="lost"), "the music player cannot be reached"),
        (House(), "the jukebox does not run"),
    ],
)
def test_trouble_is_told_in_a_sentence_that_names_no_music(now, sentence):
    assert state_of(now, "presence")["trouble"] == sentence


def test_a_reason_is_never_longer_than_home_assistant_shows():
    assert len(mood_of(house(reason="x" * 300), "mood")["why"]) == 255


# --- the announcement ----------------------------------------------------------------------------

# What Home Assistant 2025.12 asks of each kind, beyond platform and unique_id; and what it allows.
NEEDS = {
    "binary_sensor": {"state_topic"}, "sensor": {"state_topic"}, "switch": {"command_topic"},
    "number": {"command_topic"}, "button": {"command_topic"},
    "select": {"command_topic", "options"}, "event": {"state_topic", "event_types"},
}  # fmt: skip
ANY = {
    "platform", "name", "unique_id", "default_entity_id", "icon", "entity_category",
    "enabled_by_default", "device_class", "value_template", "state_topic", "command_topic",
    "json_attributes_topic", "json_attributes_template",
}  # fmt: skip
ONLY = {
    "sensor": {"options"}, "select": {"options"}, "event": {"event_types"},
    "button": {"payload_press"}, "number": {"min", "max", "step", "unit_of_measurement"},
}  # fmt: skip


@pytest.mark.parametrize("share", ["presence", "mood", "all"])
def test_the_announcement_is_one_that_home_assistant_accepts(share):
    message = announced(share)
    assert set(message) == {"device", "origin", "availability", "components"}
    assert message["device"]["identifiers"]
    assert message["origin"]["name"]
    seen = set()
    for key, made in message["components"].items():
        platform = made["platform"]
        if made == {"platform": platform}:  # removes it
            continue
        assert NEEDS[platform] <= set(made) <= ANY | ONLY.get(platform, set()), key
        assert made["default_entity_id"].startswith(f"{platform}.")
        assert made["unique_id"] not in seen
        seen.add(made["unique_id"])
        if made.get("device_class") == "enum":
            assert made["options"]
            assert "unit_of_measurement" not in made


def test_every_text_that_an_enum_may_say_is_one_of_its_options():
    options = announced("all")["components"]["mood"]["options"]
    assert set(options) == {*EMOTIONS, "uncertain", "nobody"}
    assert announced("all")["components"]["sure"]["options"] == ["fairly", "quite", "very"]
    assert announced("all")["components"]["asked"]["options"] == ["auto", *EMOTIONS]


def test_what_is_above_the_level_is_announced_as_gone():
    gone = {k for k, made in announced("presence")["components"].items() if len(made) == 1}
    assert gone == {"mood", "sure", "why", "asked"}
    assert {entity.key for entity in ENTITIES} == set(announced("presence")["components"])


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        ("Kitchen", "sensor.jukebox_kitchen_mood"),
        ("Wohnküche & Flur", "sensor.jukebox_wohnkuche_flur_mood"),
        ("jukebox", "sensor.jukebox_mood"),
        ("音", "sensor.jukebox_mood"),
    ],
)
def test_entities_are_called_as_the_jukebox_is(name, entity):
    made = announcement(TOPICS, "mood", name=name, version="1", volume_max=80)
    assert made["components"]["mood"]["default_entity_id"] == entity


def test_the_volume_ends_where_the_owner_says():
    assert announced("presence", volume_max=30)["components"]["volume"]["max"] == 30


# --- times ---------------------------------------------------------------------------------------


def test_a_connection_begins_with_the_announcement_and_the_present_state():
    broker = Broker()
    assert broker.tell(house(), 100.0) == ["config", "availability", "state", "mood"]
    assert [retain for *_, retain in broker.sent] == [True, True, False, False]
    assert broker.again_s == 104.0  # Home Assistant may have missed it
    assert broker.tell(house(), 104.0) == ["state"]
    assert broker.tell(house(), 110.0) == ["mood"]
    assert broker.tell(house(), 111.0) == []


def test_a_mood_is_told_at_most_every_ten_seconds_and_the_rest_at_once():
    broker = Broker()
    times = []
    for second in range(200):
        mood = EMOTIONS[second % 7]
        topics = broker.tell(house(emotion=mood, camera="off" if second == 50 else "reel"), second)
        if "mood" in topics:
            times.append(second)
        assert ("state" in topics) or second not in (50, 51)
    assert times == list(range(0, 200, 10))


def test_a_mood_that_changed_waits_for_its_time_and_is_not_forgotten():
    broker = Broker()
    broker.tell(house(), 0.0)
    broker.tell(house(), 10.0)
    assert "mood" not in broker.tell(house(emotion="sad"), 13.0)
    assert broker.again_s == 20.0
    assert broker.tell(house(emotion="sad"), 20.0) == ["mood"]
    assert json.loads(broker.sent[0][1])["mood"] == "sad"


def test_all_is_told_again_after_home_assistant_has_started():
    broker = Broker("presence")
    broker.tell(house(), 0.0)
    broker.tell(house(), 4.0)
    broker.teller.announce_at(30.0)
    assert broker.tell(house(), 29.0) == []
    assert broker.again_s == 30.0
    assert broker.tell(house(), 30.0) == ["config", "availability", "state"]


def test_it_says_once_a_minute_how_things_are():
    broker = Broker("presence")
    told = [second for second in range(300) if broker.tell(house(), second)]
    assert told == [0, 4, 64, 124, 184, 244]


def test_nothing_is_sent_while_the_broker_is_away():
    broker = Broker()
    broker.tell(house(), 0.0)
    broker.teller.lost()
    broker.teller.touch("pause")
    assert broker.tell(house(camera="off"), 90.0) == []
    broker.teller.connected()
    assert broker.tell(house(camera="off"), 95.0) == ["config", "availability", "state", "mood"]


def test_a_lower_highest_volume_is_announced():
    broker = Broker("presence")
    broker.tell(house(), 0.0)
    assert broker.tell(house(), 10.0, volume_max=50)[0] == "config"


def test_what_a_person_does_is_an_event_that_is_not_kept():
    broker = Broker("presence")
    broker.teller.touch("pause")
    assert broker.sent == [("jukebox/jukebox_1234/touch", '{"event_type": "pause"}', False)]


# --- commands ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "payload", "word", "arguments"),
    [
        ("camera", b"OFF", "camera", {"state": "off"}),
        ("hold", b"PRESS", "hold", {}),
        ("resume", b"PRESS", "resume", {}),
        ("asked", b"auto", "auto", {}),
        ("asked", b"sad", "mood", {"emotion": "sad"}),
    ],
)
def test_the_house_asks_the_jukebox(key, payload, word, arguments):
    wish = wish_of(key, payload, "mood", 100)
    assert (wish.word, wish.arguments, wish.action) == (word, arguments, None)


class Player:
    def __init__(self):
        self.did = []

    def setvol(self, percent):
        self.did.append(percent)


@pytest.mark.parametrize(
    ("asked", "heard"), [(b"40", 40), (b"99.6", 60), (b"100", 60), (b"0", 0), (b"59.5", 60)]
)
def test_the_house_never_turns_the_volume_higher_than_the_owner_allows(asked, heard):
    player = Player()
    wish_of("volume", asked, "presence", 60).action(player)
    assert player.did == [heard]


@pytest.mark.parametrize(
    ("key", "payload"),
    [
        ("volume", b"nan"), ("volume", b"loud"), ("volume", b"inf"), ("volume", b"1e9"),
        ("volume", b"-4"), ("camera", b"maybe"),
        ("hold", b""), ("asked", b"bored"), ("occupied", b"ON"), ("mood", b"sad"), ("x", b"PRESS"),
        ("camera", b"\xff\xfe"), ("volume", b"1" * 9999), ("trouble", b"ON"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_not_done(key, payload):
    assert wish_of(key, payload, "all", 100) is None


def test_below_mood_nobody_asks_for_one():
    assert wish_of("asked", b"sad", "presence", 100) is None


# --- places and settings -------------------------------------------------------------------------


def settings(tmp_path, **home):
    return Settings(
        home=HomeSettings(**home), store=StoreSettings(path=str(tmp_path / "jukebox.db"))
    )


def test_two_jukeboxes_of_one_machine_are_two_at_the_broker(tmp_path):
    one, two = (topics_of(settings(tmp_path / name), {}) for name in "ab")
    installed = topics_of(settings(tmp_path), {"RUNTIME_DIRECTORY": "/run/jukebox-home"})
    assert len({one, two, installed}) == 3
    assert re.fullmatch(r"jukebox_[0-9a-f]{8}", one.node)


def test_the_service_and_its_command_are_the_same_jukebox(tmp_path):
    of_service = topics_of(Settings(), {"RUNTIME_DIRECTORY": "/run/a", "STATE_DIRECTORY": "/a"})
    assert of_service == topics_of(Settings(), {"RUNTIME_DIRECTORY": "/run/b"})


def test_a_password_comes_from_a_file_that_only_its_owner_reads(tmp_path):
    file = tmp_path / "password"
    file.write_text("open sesame\n")
    home = HomeSettings(address="broker", username="me", password_file=str(file))
    file.chmod(0o644)
    with pytest.raises(ConfigError, match=f"chmod 600 {file}"):
        access_of(home, {})
    file.chmod(0o600)
    assert access_of(home, {}).password == "open sesame"
    file.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        access_of(home, {})


def test_the_service_reads_what_systemd_hands_over(tmp_path):
    (tmp_path / "home_password").write_text("hush")
    home = HomeSettings(password_file="/etc/jukebox/home/password", authority="/etc/jukebox/home/a")
    access = access_of(home, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert (access.password, access.authority) == ("hush", str(tmp_path / "home_a"))


def test_where_it_was_announced_is_known_after_a_restart_without_the_password(tmp_path):
    file = tmp_path / "state" / "home.json"
    old, new = Access("old", 1883, username="me", password="hush"), Access("new", 1883)
    for access in (old, new, replace(new, port=8883)):
        Published(file).add(access, TOPICS)
    assert "hush" not in file.read_text()
    assert [place.port for place, _ in Published(file).places()] == [1883, 8883]
    assert [place.address for place, _ in Published(file).others(new, TOPICS)] == ["old"]
    Published(file).remove(old, TOPICS)
    assert [place.address for place, _ in Published(file).places()] == ["new"]
    file.write_text('{"damaged"')
    assert Published(file).places() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('prefix = "a/#"', "home.prefix is a/#; it must begin topics"),
        ('prefix = "/a"', "without a / at its ends"),
        ('password = "x"', "home.username is empty"),
        ('username = "me"\npassword = "x"\npassword_file = "/x"', "one of them must be empty"),
        ('share = "none"', 'home.share is "none"; it must be "off", "presence", "mood" or "all"'),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(text, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        parse(f"[home]\n{text}".encode(), "f")


def test_without_a_broker_nothing_is_told():
    assert not Settings().home.is_on
    assert not HomeSettings(address="broker", share="off").is_on
    assert HomeSettings(address="broker").is_on


@pytest.mark.parametrize(
    ("home", "what", "said"),
    [
        ({}, "settings", "home.address is empty"),
        ({"address": "x", "share": "off"}, "settings", 'home.share is "off"'),
        ({"address": "x" * 64}, "name", "is no name that this machine can look up"),
        ({"address": "no-such-jukebox.local"}, "name", "was not found by mDNS"),
        ({"address": "/nowhere/socket"}, "port", "nobody listens"),
        ({"address": "127.0.0.1", "port": 1}, "port", "nobody listens"),
    ],
)
def test_the_test_names_the_first_step_that_fails(tmp_path, home, what, said):
    *before, last = probe(settings(tmp_path, **home), {})
    assert (last.what, last.good) == (what, False)
    assert said in last.text
    assert all(step.good for step in before)


def test_two_homes_of_one_jukebox_do_not_run_at_once(tmp_path, monkeypatch):
    here = settings(tmp_path)
    lock = lock_of(here, {})
    lock.take()
    with pytest.raises(BusyError):
        verb._forget(here)
    lock.release()
    assert verb._forget(here) == 0
