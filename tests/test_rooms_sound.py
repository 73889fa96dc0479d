"""Rooms with one music: when a room joins, how loud it may be, and who may ask for what."""

import asyncio
import json
import re
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from conftest import wait_for
from controls import STATUS, STEP, RecordingControls
from web_page import InProcess

from appliance.config.loading import parse
from appliance.decide.house_sound import RoomPlayer
from appliance.decide.policy import MusicPolicy
from appliance.decide.told import BrokerState
from appliance.errors import ConfigError, ControlError, UsageError
from appliance.home.entities import Topics
from appliance.home.levels import Levels
from appliance.home.mpd_outputs import MpdOutputs
from appliance.home.rooms import Rooms
from appliance.home.sharing import House
from appliance.home.snapcast import Player, Snapserver, SnapserverError
from appliance.home.sound import Sound
from appliance.home.speaker import Programs, Speaker
from appliance.home.vote import Room
from appliance.records import Emotion, Mood, Playback
from appliance.remote.control_house import (
    check_known,
    show_broker,
    show_rooms,
    tell_house,
    wanted_of_room,
)
from appliance.settings import ListenerSettings, RoomsSettings, Settings, StoreSettings

PROJECT = Path(__file__).resolve().parents[1]
HAPPY = Emotion.HAPPY
PLAYING = Playback("play", "Sunny", HAPPY, 90.0, 0, has_end=True)
SILENT = replace(PLAYING, state="stop", remaining_s=None)
PAUSED = replace(PLAYING, state="pause", charge="resting")
MOOD = Mood("settled", HAPPY, 0.9, 1, 0.0)
NOBODY = Mood("nobody", None, 0.0, 0, 0.0)


# --- when a room joins ---------------------------------------------------------------------------


def policy_of(**rooms):
    settings = RoomsSettings(**{"join": True, "sound": True, "leader_address": "10.0.0.1"} | rooms)
    return MusicPolicy(Settings(rooms=settings, listener=ListenerSettings(away_minutes=1)))


def decided(policy, time_s, playback, mood=MOOD, *, led=True):
    if led:
        policy.house.tell(MOOD, time_s, sounds=True)
    return policy.decide(time_s, 0.0, mood, playback)


def test_a_room_joins_at_its_songs_end_and_adds_no_song():
    policy = policy_of()
    assert decided(policy, 0.0, PLAYING) is None
    assert not policy.house_sound.joined
    assert decided(policy, 80.0, replace(PLAYING, remaining_s=20.0)) is None
    assert decided(policy, 99.0, replace(PLAYING, remaining_s=0.5)) is None
    assert decided(policy, 100.0, SILENT) is None
    assert policy.house_sound.joined


def test_where_another_song_waits_the_music_fades_out_before_it():
    policy = policy_of()
    waiting = replace(PLAYING, queued_after=1)
    assert decided(policy, 0.0, replace(waiting, remaining_s=9.5)) is None
    ending = decided(policy, 1.0, replace(waiting, remaining_s=8.5))
    assert (ending.how, ending.reason) == ("pause", "the house's music plays here")
    assert decided(policy, 5.0, PAUSED) is None
    assert policy.house_sound.joined


def test_a_stream_without_an_end_gives_way_at_once_and_silence_joins_at_once():
    policy = policy_of()
    assert decided(policy, 0.0, replace(PLAYING, remaining_s=None, has_end=False)).how == "pause"
    assert decided(policy, 1.0, SILENT) is None
    assert policy.house_sound.joined


def test_a_song_that_somebody_chose_stays():
    policy = policy_of()
    own = replace(PLAYING, remaining_s=1.0, charge="chosen")
    assert own.listener
    assert decided(policy, 0.0, own) is None
    assert not policy.house_sound.joined


def test_without_the_leader_for_twenty_seconds_the_room_plays_its_own_music_again():
    policy = policy_of()
    decided(policy, 0.0, replace(PLAYING, remaining_s=5.0, queued_after=1))
    assert decided(policy, 19.0, PAUSED, led=False) is None
    again = decided(policy, 20.0, PAUSED, led=False)
    assert (again.how, policy.house_sound.joined) == ("resume", False)
    assert decided(policy_of(), 20.0, SILENT, led=False).how == "switch"  # whose song had ended


def test_nobody_is_played_to_in_an_empty_room_when_the_leader_goes():
    policy = policy_of()
    decided(policy, 0.0, replace(PLAYING, remaining_s=5.0, queued_after=1), NOBODY)
    for time_s in range(0, 100, 10):
        decided(policy, float(time_s), PAUSED, NOBODY)
    assert decided(policy, 200.0, PAUSED, NOBODY, led=False) is None


def test_a_room_that_sleeps_does_not_hear_the_house_either():
    policy = policy_of()
    decided(policy, 0.0, SILENT)
    policy.sleep(1.0, 1.0)
    assert decided(policy, 30.0, SILENT) is None
    assert policy.house_sound.joined
    decided(policy, 62.0, SILENT)
    assert not policy.house_sound.joined


@pytest.mark.parametrize(
    "rooms", [{"sound": False}, {"leader": True}], ids=["without a loudspeaker", "the leader"]
)
def test_who_does_not_hear_the_leader_plays_on(rooms):
    policy = policy_of(**rooms)
    assert decided(policy, 0.0, replace(PLAYING, remaining_s=5.0)).how == "append"
    assert not policy.house_sound.joined


def test_the_leaders_empty_room_pauses_no_music_of_the_house():
    policy = policy_of(leader=True)
    for time_s in range(0, 200, 10):
        assert decided(policy, float(time_s), PLAYING, NOBODY) is None


# --- what is told --------------------------------------------------------------------------------

PLAYER = RoomPlayer("jukebox_1", "Hall", True, False, False, 60, 80, 40)


def test_the_control_socket_takes_the_rooms_and_shows_them_for_thirty_seconds():
    controls = RecordingControls()
    assert show_rooms({"rooms": [asdict(PLAYER)]}, STEP, controls).text == "1 room"
    sound = controls.policy.house_sound
    now_s = STEP.frame.time_s
    assert (sound.rooms(now_s + 29), sound.rooms(now_s + 30)) == ((PLAYER,), ())


def test_the_control_socket_takes_how_it_stands_with_the_broker_for_thirty_seconds():
    controls, now_s = RecordingControls(), STEP.frame.time_s
    show_broker({"good": False, "text": "it hung up"}, STEP, controls)
    assert controls.status().broker == {"good": False, "text": "it hung up"}
    assert controls.policy.broker.at(now_s + 29) == BrokerState(False, "it hung up")
    assert controls.policy.broker.at(now_s + 30) is None
    for wrong in ({}, {"good": 1, "text": ""}, {"good": True}, {"good": True, "text": "x" * 501}):
        with pytest.raises(UsageError, match="broker: good must be"):
            show_broker(wrong, STEP, controls)


@pytest.mark.parametrize(
    "rooms",
    [
        None, "x", [None], [{}], [asdict(PLAYER) | {"name": ""}], [asdict(PLAYER) | {"room": 3}],
        [asdict(PLAYER) | {"trim_ms": 1001}], [asdict(PLAYER) | {"volume_percent": True}],
        [asdict(PLAYER)] * 51, [asdict(PLAYER) | {"name": "x" * 61}],
    ],
)  # fmt: skip
def test_the_control_socket_refuses_what_are_no_rooms(rooms):
    with pytest.raises(UsageError, match="room"):
        show_rooms({"rooms": rooms}, STEP, RecordingControls())


def test_what_somebody_wants_of_a_room_is_checked_before_anybody_is_told():
    assert wanted_of_room({"room": "Hall", "trim_ms": 40, "x": 1}) == {
        "room": "Hall",
        "trim_ms": 40,
    }
    nothing = {"room": "Hall"}
    for wrong in ({}, nothing, nothing | {"trim_ms": 1001}, nothing | {"volume_max": -1}):
        with pytest.raises(UsageError, match="room"):
            wanted_of_room(wrong)


def test_who_sets_a_room_hears_if_nobody_can_do_it():
    check_known("Hall", [PLAYER])
    with pytest.raises(ControlError, match="no room leads the sound"):
        check_known("Hall", [])
    with pytest.raises(
        ControlError, match="there is no room Attic with a loudspeaker; there are: "
    ):
        check_known("Attic", [PLAYER])


def test_the_house_says_whether_its_music_goes_to_all_rooms():
    controls = RecordingControls()
    looks = {"state": "uncertain", "faces": 0}
    tell_house(looks | {"sound": True}, STEP, controls)
    assert controls.policy.house.sounds(STEP.frame.time_s)
    tell_house(looks, STEP, controls)
    assert not controls.policy.house.sounds(STEP.frame.time_s)
    with pytest.raises(UsageError, match="sound"):
        tell_house(looks | {"sound": 1}, STEP, controls)


def test_a_leader_without_any_camera_leads_the_sound_and_changes_nobodys_mood():
    sent = []
    settings = RoomsSettings(join=True, leader=True)
    rooms = Rooms(settings, Topics("j", "a"), "a", lambda *told: sent.append(told[:2]))
    rooms.tell(House(None), 0.0)
    assert [topic for topic, _ in sent] == ["j/a/room"]
    rooms.serve([asdict(PLAYER)])
    rooms.tell(House(None), 1.0)  # all rooms hear of it at once
    told = {topic: json.loads(payload) for topic, payload in sent}
    assert (told["j/rooms/house"]["state"], told["j/rooms/house"]["sound"]) == ("uncertain", True)
    assert told["j/rooms/sound"] == [asdict(PLAYER)]
    wish = rooms.received("j/rooms/sound", json.dumps(told["j/rooms/sound"]).encode(), 1.0)
    assert (wish.word, wish.arguments) == ("rooms", {"rooms": [asdict(PLAYER)]})


# --- how loud ------------------------------------------------------------------------------------


def test_a_room_is_never_louder_than_its_limit_also_after_a_restart(tmp_path):
    levels = Levels(tmp_path / "rooms.json")
    levels.change("a", {"volume_percent": 90, "volume_max": 70, "trim_ms": 40})
    assert (levels.of("a").percent, levels.of("a").trim_ms) == (70, 40)
    levels.change("a", {"volume_percent": 50})
    assert Levels(tmp_path / "rooms.json").of("a") == levels.of("a")
    assert (levels.of("a").percent, levels.of("b").percent) == (50, 100)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 3}', '{"a": {"trim_ms": 5000}}'])
def test_levels_that_cannot_be_read_are_the_usual_ones(tmp_path, text):
    (tmp_path / "rooms.json").write_text(text)
    assert Levels(tmp_path / "rooms.json").of("a").percent == 100


def test_a_trim_longer_than_a_second_is_refused_and_not_cut(tmp_path):
    levels = Levels(tmp_path / "rooms.json")
    with pytest.raises(
        UsageError, match="trim_ms is 1001; it must be a whole number from 0 to 1000"
    ):
        levels.change("a", {"trim_ms": 1001})
    assert levels.of("a").trim_ms == 0


@pytest.mark.parametrize(
    ("room", "follow", "minutes", "muted"),
    [
        (Room("Hall", "nobody", age_s=61.0), True, 1.0, True),
        (Room("Hall", "nobody", age_s=59.0), True, 1.0, False),
        (Room("Hall", "nobody", age_s=61.0), False, 1.0, False),
        (Room("Hall", "nobody", age_s=10**6), True, 0.0, False),
        (Room("Hall", "uncertain", age_s=61.0), True, 1.0, False),
        (Room("Hall", "unknown", age_s=10**6), True, 1.0, False),  # it has no camera
        (None, True, 1.0, False),  # a snapclient that is no jukebox
    ],
)
def test_a_room_is_muted_where_nobody_has_been_for_away_minutes(
    tmp_path, room, follow, minutes, muted
):
    """At a snapserver that only notes what it is told."""
    told = []

    class Recording:
        async def players(self):
            return [Player("jukebox_1", "x", True, 100, False, 0)]

        async def turn(self, player, percent, *, muted):
            told.append((player, percent, muted))

    settings = Settings(
        rooms=RoomsSettings(join=True, sound=True, leader=True, follow=follow),
        listener=ListenerSettings(away_minutes=minutes),
        store=StoreSettings(path=str(tmp_path / "jukebox.db")),
    )
    sound = Sound(
        settings, {}, Topics("j", "jukebox_0"), None,
        rooms=lambda: {"jukebox_1": room} if room else {}, joined=bool, changed=lambda: None,
    )  # fmt: skip
    sound._players._snapserver = Recording()
    asyncio.run(sound._players.steer())
    assert told == ([("jukebox_1", 100, True)] if muted else [])


def test_without_the_process_that_plays_the_rooms_music_the_error_says_who_starts_it(tmp_path):
    settings = Settings(store=StoreSettings(path=str(tmp_path / "jukebox.db")))
    sound = Sound(
        settings, {}, Topics("j", "jukebox_0"), None, rooms=dict, joined=bool, changed=lambda: None
    )
    with pytest.raises(ControlError, match=r"sound\.sock is not there; .*jukebox-sound\.socket"):
        sound._ask("", serves=False)


class Outputs:
    """An MPD of which only the outputs count. on: which of them are."""

    def __init__(self, *on, names=("loudspeaker", "headphones", "rooms")):
        self.names, self.on = names, set(on)
        self.never_silent = True

    def outputs(self):
        return [
            {
                "outputid": str(number),
                "outputname": name,
                "outputenabled": str(int(name in self.on)),
            }
            for number, name in enumerate(self.names)
        ]

    def enableoutput(self, number):
        self.on.add(self.names[int(number)])

    def disableoutput(self, number):
        self.on.remove(self.names[int(number)])
        self.never_silent &= bool(self.on)


def test_mpd_plays_into_the_rooms_and_later_by_what_was_on_before(tmp_path):
    mpd = Outputs("headphones")
    assert MpdOutputs(tmp_path / "outputs.json").into_rooms(mpd)
    assert mpd.on == {"rooms"}
    MpdOutputs(tmp_path / "outputs.json").by_itself(mpd)
    assert (mpd.on, mpd.never_silent) == ({"headphones"}, True)
    mpd.on = {"loudspeaker"}
    MpdOutputs(tmp_path / "outputs.json").by_itself(mpd)  # nothing to undo
    assert mpd.on == {"loudspeaker"}


def test_where_nobody_knows_what_was_on_before_all_others_are(tmp_path):
    mpd = Outputs("rooms")
    MpdOutputs(tmp_path / "gone.json").by_itself(mpd)
    assert mpd.on == {"loudspeaker", "headphones"}


def test_where_the_rooms_output_is_gone_the_loudspeaker_is_on_again(tmp_path):
    """As after sound = false and an installation: MPD remembers that the loudspeaker was off."""
    mpd = Outputs("loudspeaker")
    MpdOutputs(tmp_path / "outputs.json").into_rooms(mpd)
    mpd = Outputs(names=("loudspeaker", "headphones"))
    MpdOutputs(tmp_path / "outputs.json").by_itself(mpd)
    assert mpd.on == {"loudspeaker"}
    mpd.on = set()  # by a person
    MpdOutputs(tmp_path / "outputs.json").by_itself(mpd)
    assert mpd.on == set()


def test_an_mpd_without_an_output_for_rooms_is_left_alone(tmp_path):
    mpd = Outputs("loudspeaker", names=("loudspeaker",))
    assert not MpdOutputs(tmp_path / "outputs.json").into_rooms(mpd)
    assert mpd.on == {"loudspeaker"}


# --- the process with the sound card -------------------------------------------------------------

ASKED = {"leader": "10.0.0.1", "node": "jukebox_1", "device": "hw:CARD=Device,DEV=0"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"leader": "music.local"}, {"leader": "--help"}, {"leader": 3}, {"node": "../x"},
        {"device": "--player"}, {"device": "a b"}, {"device": None}, {"device": "x" * 101},
    ],
)  # fmt: skip
def test_it_takes_no_word_that_could_be_an_option_or_a_path(tmp_path, wrong):
    speaker = Speaker(Programs(tmp_path, client="/bin/false"))
    with pytest.raises(UsageError):
        speaker.do("play", ASKED | wrong)
    with pytest.raises(UsageError):
        speaker.do("stop", ASKED)


def test_a_program_that_is_not_installed_is_named_with_what_to_do(tmp_path):
    speaker = Speaker(Programs(tmp_path, client="/nowhere/snapclient"))
    data = speaker.do("play", ASKED).data
    assert re.search(r"snapclient cannot be started .*setup.sh install", data.pop("trouble"))
    assert data == {"serves": False, "plays": False}


@pytest.fixture
def program(tmp_path):
    """A snapclient that notes how it was called. It ends where a file says so."""
    file = tmp_path / "snapclient"
    file.write_text(
        '#!/bin/sh\necho "$@" >>"$0.calls"\n[ ! -e "$0.fails" ] || exit 1\nexec sleep 60\n'
    )
    file.chmod(0o755)
    return file


def calls(program):
    return program.with_suffix(".calls").read_text().splitlines()


def test_it_starts_again_what_has_died_and_leaves_alone_what_runs(tmp_path, program):
    speaker = Speaker(Programs(tmp_path, client=str(program)))
    try:
        assert speaker.do("play", ASKED).data == {"serves": False, "plays": True, "trouble": ""}
        wait_for(program.with_suffix(".calls").exists)
        speaker.do("play", ASKED)
        assert calls(program) == [
            "--host 10.0.0.1 --hostID jukebox_1 --logfilter *:warning,Avahi:fatal"
            " --soundcard hw:CARD=Device,DEV=0"
        ]
        speaker._running["plays"].since_s -= 60.0
        first = speaker._running["plays"].process
        first.kill()
        first.wait()
        assert speaker.do("play", ASKED).data["plays"]
        second = speaker._running["plays"].process
        assert second.poll() is None
        assert not speaker.do("play", ASKED | {"leader": ""}).data["plays"]
        assert second.poll() is not None
    finally:
        speaker.stop()


def test_what_ends_again_and_again_is_started_less_and_less_often(tmp_path, program):
    program.with_suffix(".fails").touch()
    clock = iter(range(0, 10_000, 3))  # seconds
    speaker = Speaker(Programs(tmp_path, client=str(program)), now=lambda: next(clock))
    try:
        for _ in range(100):
            speaker.do("play", ASKED)
            speaker._running["plays"].process.wait()
    finally:
        speaker.stop()
    assert len(calls(program)) == 8  # in five minutes


def test_a_snapserver_that_is_away_or_talks_nonsense_is_an_error_and_no_wait():
    async def answers(line):
        async def serve(reader, writer):
            await reader.readline()
            writer.write(line)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            snapserver = Snapserver(server.sockets[0].getsockname()[1])
            try:
                return await snapserver.players()
            finally:
                snapserver.close()

    for line in (
        b"", b"nonsense\n", b"[]\n", b'{"id": 1, "result": {}}\n', b'{"id": 1, "error": "no"}\n',
        b'{"id": 1, "result": {"server": {"groups": [{"clients": [{}]}]}}}\n',
    ):  # fmt: skip
        with pytest.raises(SnapserverError):
            asyncio.run(answers(line))


# --- the page ------------------------------------------------------------------------------------


class Asked:
    """A jukebox that notes what it is asked for."""

    def __init__(self):
        self.all = []

    async def ask(self, word, arguments):
        self.all.append((word, arguments))


@pytest.fixture
def page():
    web = InProcess()
    web.page.house.status = STATUS | {"rooms": [asdict(PLAYER)], "joined": True}
    web.page.jukebox = Asked()
    web.cookie = web.pairs()
    return web


def test_the_page_shows_the_rooms_and_that_the_music_is_the_houses(page):
    shown = page.ask(cookie=page.cookie, accept_language="de").text
    assert "Räume mit derselben Musik" in shown
    assert "60 % von höchstens 80 %, 40 ms früher" in shown
    assert "Hier spielt die Musik des Hauses" in shown
    page.page.house.status = STATUS
    assert "Räume mit" not in page.ask(cookie=page.cookie, accept_language="de").text


def test_the_page_sets_a_room(page):
    typed = {"room": "jukebox_1", "volume_percent": "50", "volume_max": "70", "trim_ms": "0"}
    assert page.ask("/rooms", "POST", urlencode(typed), cookie=page.cookie).status == 303
    numbers = {"volume_percent": 50, "volume_max": 70, "trim_ms": 0}
    assert page.page.jukebox.all == [("rooms", {"room": "jukebox_1"} | numbers)]
    for wrong in ("1001", "-1", "", "1e3", "9" * 99):
        page.ask("/rooms", "POST", urlencode(typed | {"trim_ms": wrong}), cookie=page.cookie)
    assert len(page.page.jukebox.all) == 1
    assert page.ask("/rooms", "POST", urlencode(typed)).status == 401


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("sound = true", "rooms.join is not"),
        ("leader = true", "only a room that has joined leads"),
        ("join = true\nsound = true", "rooms.leader_address is empty"),
        ("join = true\nsound = true\nleader_address = 'kitchen.local'", "leader_address"),
    ],
)
def test_settings_that_cannot_sound_are_refused(more, complaint):
    with pytest.raises(ConfigError, match=complaint):
        parse(f'[home]\nshare = "all"\naddress = "broker"\n[rooms]\n{more}'.encode(), "f")


def test_rooms_that_join_need_a_broker():
    with pytest.raises(ConfigError, match=r"home\.address is empty; .* write its address"):
        parse(b'[home]\nshare = "all"\n[rooms]\njoin = true', "f")


def test_the_leader_needs_no_address():
    text = (
        b'[home]\nshare = "all"\naddress = "b"\n[rooms]\njoin = true\nsound = true\nleader = true'
    )
    assert parse(text, "f").rooms.sound


ALL = "[rooms]\njoin = true\nsound = true\nleader = true\n"


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        (ALL, "snapclient snapserver"),
        ("[rooms]\r\n join=true # yes\r\nsound =true\r\n", "snapclient"),
        (ALL.replace("join = true", "#join = true"), ""),
        ("[home]\nsound = true\n[ rooms ]\njoin = true\n[gpio]\nsound = true\n", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_installer_gets_snapcast_where_the_settings_say_so(tmp_path, text, needed):
    """Before there is a Python that could read them."""
    if text is not None:
        (tmp_path / "jukebox.toml").write_bytes(text.encode())
    program = (
        f"etc={tmp_path}; source install/machine.sh; is_pi() {{ false; }};"
        " is_installed() { [[ $1 != snap* ]]; }; say() { :; }; step() { echo ${@:3}; };"
        " install_packages"
    )
    told = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", program], cwd=PROJECT, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert told.stdout.strip() == needed
