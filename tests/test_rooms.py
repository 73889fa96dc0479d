"""Several rooms with one mood: the vote, what is told, and what a room does with it."""

import json
from dataclasses import asdict, replace

import pytest
from controls import STATUS, STEP, RecordingControls

from appliance.config.loading import parse
from appliance.decide.house_mood import HouseMood
from appliance.decide.policy import MusicPolicy
from appliance.errors import ConfigError, UsageError
from appliance.home.entities import Topics
from appliance.home.rooms import Rooms
from appliance.home.sharing import House
from appliance.home.vote import Room, vote
from appliance.records import Emotion, Mood, Playback
from appliance.remote.control_house import tell_house
from appliance.settings import ListenerSettings, RoomsSettings, Settings

HAPPY, SAD = Emotion.HAPPY, Emotion.SAD
ENDING = Playback("play", "Sunny", HAPPY, 3.0, 0)
NOBODY = Mood("nobody", None, 0.0, 0, 0.0)


def settled(emotion, faces=1):
    return Mood("settled", emotion, 0.9, faces, 0.0)


def room(emotion="", faces=1, state=""):
    return Room("a", state or ("settled" if emotion else "uncertain"), emotion, faces)


# --- the vote ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rooms", "before", "state", "emotion", "faces"),
    [
        ([room("happy")], "", "settled", "happy", 1),
        ([room("happy"), room("sad", 2)], "", "settled", "sad", 3),
        ([room("happy"), room("happy"), room("sad", 1)], "", "settled", "happy", 3),
        ([room("happy"), room("sad")], "", "uncertain", "", 2),
        ([room("happy"), room("sad")], "sad", "settled", "sad", 2),
        ([room("happy"), room("sad")], "fear", "uncertain", "", 2),
        ([room("happy", 0)], "", "settled", "happy", 0),  # somebody who looks away is there, too
        ([room("happy"), room("", 5)], "", "settled", "happy", 6),  # uncertain speaks for nothing
        ([room("", 2)], "happy", "uncertain", "", 2),
        ([room("", 0, "nobody"), room("", 0, "nobody")], "", "nobody", "", 0),
        ([room("", 0, "nobody"), room("sad")], "", "settled", "sad", 1),
        ([room("", 0, "nobody"), room("", 0, "unknown")], "", "nobody", "", 0),
        ([room("", 0, "unknown")], "", "unknown", "", 0),
        ([], "happy", "unknown", "", 0),
    ],
)
def test_each_room_in_use_speaks_for_those_who_are_there(rooms, before, state, emotion, faces):
    found = vote(rooms, before)
    assert (found.state, found.emotion, found.faces) == (state, emotion, faces)


GOOD = asdict(Room("Kitchen", "settled", "sad", 2, 4.0))


@pytest.mark.parametrize(
    "wrong",
    [
        None, [], "x", {}, GOOD | {"state": "asleep"}, GOOD | {"emotion": "bored"},
        GOOD | {"emotion": ""}, GOOD | {"state": "nobody"}, GOOD | {"faces": -1},
        GOOD | {"faces": 10**6}, GOOD | {"faces": None}, GOOD | {"age_s": "nan"},
        GOOD | {"age_s": -1}, GOOD | {"emotion": ["sad"]}, GOOD | {"faces": float("inf")},
    ],
)  # fmt: skip
def test_what_is_no_room_is_not_taken_for_one(wrong):
    with pytest.raises(ValueError, match="it is no room"):
        Room.of_message(wrong)


def test_a_room_comes_out_as_it_went_in():
    assert asdict(Room.of_message(json.loads(json.dumps(GOOD)))) == GOOD


# --- the mood that counts ------------------------------------------------------------------------


def test_the_houses_mood_counts_until_the_leader_is_silent_for_twenty_seconds():
    house, own = HouseMood(), settled(HAPPY)
    assert house.instead_of(own, 0.0) is own
    house.tell(settled(SAD, 3), 5.0)
    assert house.instead_of(own, 24.9) == replace(settled(SAD, 3), since_s=5.0)
    assert house.instead_of(own, 25.0) is own
    house.tell(settled(SAD, 2), 30.0)
    assert house.instead_of(own, 30.0).since_s == 5.0  # it looks so since then
    house.tell(settled(HAPPY), 40.0)
    assert house.instead_of(own, 40.0).since_s == 40.0


def test_the_next_song_is_for_the_house_and_says_so():
    policy = MusicPolicy(Settings())
    policy.house.tell(settled(SAD), 0.0)
    decision = policy.decide(1.0, 0.0, settled(HAPPY), ENDING)
    assert (decision.emotion, decision.how) == (SAD, "append")
    assert decision.reason == "the house looks sad"
    decision = policy.decide(21.0, 0.0, settled(HAPPY), ENDING)  # the leader is away
    assert (decision.emotion, decision.reason) == (HAPPY, "the room looks happy")


@pytest.mark.parametrize(("follow", "pauses"), [(True, True), (False, False)])
def test_an_empty_room_falls_silent_while_the_house_plays_on(follow, pauses):
    rooms, listener = RoomsSettings(follow=follow), ListenerSettings(away_minutes=1)
    policy = MusicPolicy(Settings(rooms=rooms, listener=listener))
    early = replace(ENDING, remaining_s=90.0)
    for time_s in range(0, 70, 10):
        policy.house.tell(settled(HAPPY), float(time_s))
        decision = policy.decide(float(time_s), 0.0, NOBODY, early)
    assert (decision is not None and decision.how == "pause") == pauses


def test_the_control_socket_takes_how_the_house_looks():
    controls = RecordingControls()
    told = tell_house({"state": "settled", "emotion": "sad", "faces": 2}, STEP, controls)
    assert told.text == "the house: sad"
    mood = controls.policy.house.instead_of(NOBODY, STEP.frame.time_s)
    assert (mood.state, mood.emotion, mood.faces) == ("settled", SAD, 2)
    assert tell_house({"state": "nobody", "faces": 0}, STEP, controls).text == "the house: nobody"


@pytest.mark.parametrize(
    "arguments",
    [
        {}, {"state": "settled", "faces": 1}, {"state": "nobody", "emotion": "sad", "faces": 1},
        {"state": "unknown", "faces": 1}, {"state": "uncertain", "faces": -1},
        {"state": "uncertain", "faces": True}, {"state": ["x"], "emotion": ["y"], "faces": 1},
    ],
)  # fmt: skip
def test_the_control_socket_refuses_what_is_no_mood(arguments):
    with pytest.raises(UsageError, match="house: "):
        tell_house(arguments, STEP, RecordingControls())


# --- what is told --------------------------------------------------------------------------------


class Building:
    """Rooms that hear each other at once. wishes: what each was told to do, by name."""

    def __init__(self, leader="a", names="abc"):
        self.sent, self.wishes, self.rooms = [], [], {}
        for name in names:
            settings = RoomsSettings(join=True, leader=name == leader)
            self.rooms[name] = Rooms(settings, Topics("j", name), name, self._send)

    def _send(self, topic, payload, retain):
        assert not retain
        self.say(topic, payload)

    def say(self, topic, payload):
        self.sent.append((topic, json.loads(payload)))
        for name, heard in self.rooms.items():
            if wish := heard.received(topic, payload.encode(), self.time_s):
                self.wishes.append((name, wish))

    def at(self, time_s, without="", **moods):
        """Everybody tells what is due. Returns what was told to do since the last time."""
        self.wishes, self.time_s = [], time_s
        for name in sorted(self.rooms, reverse=True):  # the leader comes last
            if name not in without:
                looks = moods.get(name)
                status = STATUS | {"emotion": looks, "state": "settled" if looks else "nobody"}
                self.rooms[name].tell(House(status | {"faces": int(bool(looks))}), time_s)
        return [(name, wish.word, wish.arguments.get("emotion")) for name, wish in self.wishes]


def test_the_leader_tells_all_rooms_how_the_house_looks():
    building = Building()
    told = building.at(0.0, a="happy", b="sad", c="sad")
    assert told == [(name, "house", "sad") for name in "abc"]
    assert building.at(5.0, a="happy", b="happy", c="happy") == []  # once in ten seconds
    assert building.at(10.0, a="happy", b="happy")[0] == ("a", "house", "happy")


def test_a_room_that_has_gone_speaks_no_more():
    building = Building()
    building.at(0.0, a="happy", b="sad", c="sad")
    for time_s in (10.0, 20.0):
        assert building.at(time_s, without="bc", a="happy")[0][2] == "sad"
    assert building.at(30.0, without="bc", a="happy")[0][2] == "happy"


def test_without_a_leader_nobody_is_told_anything():
    building = Building(leader="")
    assert building.at(0.0, a="happy", b="sad", c="sad") == []


def test_who_uses_the_player_in_one_room_holds_the_others_while_they_are_one_house():
    building = Building()
    building.at(0.0, a="happy", b="sad")
    building.wishes = []
    building.say("j/b/touch", '{"event_type": "skip"}')
    assert [(name, wish.word) for name, wish in building.wishes] == [("a", "hold"), ("c", "hold")]
    building.wishes = []
    building.say("j/stranger/touch", '{"event_type": "skip"}')
    building.time_s = 25.0  # the leader has been silent since
    building.say("j/b/touch", '{"event_type": "skip"}')
    assert building.wishes == []


def test_a_room_tells_for_how_long_it_has_looked_like_this():
    building = Building(names="a")
    for time_s, looks in ((0.0, "sad"), (10.0, "sad"), (20.0, "happy"), (30.0, "happy")):
        building.at(time_s, a=looks)
    ages = [told["age_s"] for topic, told in building.sent if topic == "j/a/room"]
    assert ages == [0.0, 10.0, 0.0, 10.0]


def test_who_comes_into_an_empty_room_is_told_of_at_once():
    building = Building(names="ab")
    came = []
    building.rooms["a"]._came = lambda: came.append(building.time_s)
    for time_s in (0.0, 10.0, 11.0, 12.0, 20.0):
        building.at(time_s, a="happy", b="" if time_s < 11 else "sad")
    told = [told["state"] for topic, told in building.sent if topic == "j/b/room"]
    assert (told, came) == (["nobody", "nobody", "settled"], [11.0])


def test_a_room_without_a_camera_speaks_for_nothing():
    building = Building(names="a")
    building.time_s = 0.0
    building.rooms["a"].tell(House(STATUS | {"camera": "off"}), 0.0)
    building.rooms["a"].tell(House(None), 10.0)
    assert [told["state"] for _, told in building.sent] == ["unknown", "unknown"]


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b'{"name": 3}', b"x" * 5000])
def test_nonsense_from_other_rooms_changes_nothing(payload):
    rooms = Rooms(RoomsSettings(join=True, leader=True), Topics("j", "a"), "a", lambda *_: None)
    for topic in ("j/b/room", "j/rooms/house", "j/b/touch"):
        assert rooms.received(topic, payload, 0.0) is None


def test_a_room_that_did_not_join_neither_tells_nor_listens():
    sent = []
    rooms = Rooms(
        RoomsSettings(leader=True), Topics("j", "a"), "a", lambda *told: sent.append(told)
    )
    assert rooms.tell(House(STATUS), 0.0) == float("inf")
    assert (sent, rooms.listens) == ([], [])


def test_rooms_need_the_level_all():
    with pytest.raises(ConfigError, match='share is "presence"; rooms tell each other'):
        parse(b"[rooms]\njoin = true", "f")
    assert parse(b'[home]\nshare = "all"\naddress = "broker"\n[rooms]\njoin = true', "f").rooms.join
