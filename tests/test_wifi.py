"""The way into a wireless network without a keyboard: what is read, what is set, what is told."""

import io
import os
import socket
import stat
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import segno

from appliance.admin.administrator import Administrator
from appliance.admin.answers import Answer
from appliance.admin.installed import InstalledJukebox
from appliance.admin.joining import Joining
from appliance.admin.light import BoardLight
from appliance.admin.machine import UsersJukebox
from appliance.admin.supplicant import outcome
from appliance.admin.wifi import WifiNetwork, from_code, from_file, supplicant_conf
from appliance.commands.screen import screen
from appliance.errors import ControlError, JukeboxError, UsageError
from appliance.remote.control_connection import Connection
from appliance.vision.qr_codes import shared_network

PROJECT = Path(__file__).resolve().parents[1]
# Whatever stands in a password must come through whole.
ODD = r"""a;b:c,d"e\f#g 'h'$(i)`j`{k}"""


def escaped(text):
    """As phones write it into their codes."""
    return "".join(f"\\{character}" if character in '\\;,:"' else character for character in text)


# --- the file ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "network"),
    [
        (b"name = Home\npassword = 12345678\n", WifiNetwork("Home", "12345678")),
        (b"# mine\n\nNAME=Home\nPassword=12345678", WifiNetwork("Home", "12345678")),
        (b"name = Home\r\npassword = 12345678\r\n", WifiNetwork("Home", "12345678")),
        (b"\xef\xbb\xbfname = Home\rpassword = 12345678", WifiNetwork("Home", "12345678")),
        ("name = Café\npassword = größer als".encode("utf-16"), WifiNetwork("Café", "größer als")),
        (b'name = " Home "\npassword = "  12345678"', WifiNetwork(" Home ", "  12345678")),
        (b"name = a = b\npassword = 1 # 2 = 3 4", WifiNetwork("a = b", "1 # 2 = 3 4")),
        (b'name = "\npassword = ""quoted""', WifiNetwork('"', '"quoted"')),
        (b"name = Cafe", WifiNetwork("Cafe", "")),
        (b"name = Home\npassword = 12345678\nhidden = Yes", WifiNetwork("Home", "12345678", True)),
        (b"name = Home\npassword = " + b"aF" * 32, WifiNetwork("Home", "aF" * 32)),
        (f"name = Home\npassword = {ODD}".encode(), WifiNetwork("Home", ODD)),
    ],
)
def test_a_file_is_read_as_people_and_their_editors_write_it(content, network):
    assert from_file(content) == network


def test_the_file_that_comes_with_the_card_is_left_alone_until_somebody_edits_it():
    shipped = (PROJECT / "install/image/wifi.txt").read_bytes()
    assert from_file(shipped) is None
    edited = shipped.replace(b"# name", b"name").replace(b"# password", b"password")
    assert from_file(edited) == WifiNetwork("My Network", "the password")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Home\nsecret!!", "line 1: it must be one of name, password, hidden"),
        (b"name = Home\npasswort = secret!!", "line 2"),
        (b"password = secret!!", "name is missing"),
        (b"name = Home\npassword = secret!", "8 to 63"),
        (b"name = Home\npassword = " + b"secret!!" * 8, "8 to 63"),
        (b"name = Home\npassword = secret!!\tx", "no tabs"),
        (b"name = " + b"x" * 33, "1 to 32"),
        (b"name = \npassword = secret!!", "1 to 32"),
        (b"name = \xff\xfe", "not UTF-8"),
        (b"# " * 10_000, "too large"),
    ],
)
def test_a_file_with_a_mistake_says_where_and_never_tells_the_password(content, said):
    with pytest.raises(UsageError, match=said) as caught:
        from_file(content)
    assert "secret" not in str(caught.value)


# --- the code ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("WIFI:T:WPA;S:Home;P:12345678;;", WifiNetwork("Home", "12345678")),
        ("WIFI:S:Home;T:SAE;P:12345678;H:true;;", WifiNetwork("Home", "12345678", True)),
        ("WIFI:P:12345678;S:Home;H:false;R:1;T:WPA2;;", WifiNetwork("Home", "12345678")),
        ("wifi:s:Home;p:12345678;;", WifiNetwork("Home", "12345678")),
        ("WIFI:T:nopass;S:Cafe;P:;;", WifiNetwork("Cafe", "")),
        ("WIFI:S:Cafe;;", WifiNetwork("Cafe", "")),
        ('WIFI:T:WPA;S:"ABCD";P:"12345678";;', WifiNetwork("ABCD", "12345678")),
        (r"WIFI:T:WPA;S:\"ABCD\";P:\"123456\";;", WifiNetwork('"ABCD"', '"123456"')),
        (r"WIFI:T:WPA;S:a\;b;P:1234567\\;;", WifiNetwork("a;b", "1234567\\")),
        (f"WIFI:T:WPA;S:{escaped('x:;y')};P:{escaped(ODD)};;", WifiNetwork("x:;y", ODD)),
    ],
)
def test_a_code_is_read_as_phones_show_it(text, network):
    assert from_code(text) == network


@pytest.mark.parametrize(
    "text",
    [
        "WIFI:T:WPA;S:Home;P:secret!!;",  # half of a code that was split in two
        r"WIFI:T:WPA;S:Home;P:secret!!\;;",
        "WIFI:T:WPA;S:Home;P:secret!!;;;",
        "WIFI:;;",
        "WIFI:T:WPA;S:Home;;",
        "WIFI:T:WPA;P:secret!!;;",
        "WIFI:T:WEP;S:Home;P:secret!!;;",
        "WIFI:T:WPA2-EAP;S:Home;P:secret!!;E:PEAP;I:me;;",
        "JUKEBOX:ABCDEFGHKL::",
    ],
)
def test_a_code_that_cannot_be_used_is_refused_and_never_tells_the_password(text):
    with pytest.raises(UsageError) as caught:
        from_code(text)
    assert "secret" not in str(caught.value)


def test_a_network_never_shows_its_password():
    assert "12345678" not in f"{WifiNetwork('Home', '12345678')!r}"


def before_the_camera(text):
    out = io.BytesIO()
    segno.make_qr(text, error="m", encoding="utf-8").save(out, kind="png", scale=4, border=4)
    code = cv2.imdecode(np.frombuffer(out.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    room = np.random.default_rng(0).integers(80, 120, (480, 640), np.uint8)
    room[100 : 100 + code.shape[0], 200 : 200 + code.shape[1]] = code
    return room


@pytest.mark.parametrize("name", ["Home", "Café;net", "Дом"])
def test_a_phone_that_shares_its_network_is_read_and_other_codes_are_not(name):
    text = f"WIFI:T:WPA;S:{escaped(name)};P:{escaped('a;b c,d:')};;"
    read = shared_network(before_the_camera(text))
    assert read is not None
    assert from_code(read) == WifiNetwork(name, "a;b c,d:")
    assert shared_network(before_the_camera("JUKEBOX:ABCDEFGHKL::")) is None


# --- what is set ---------------------------------------------------------------------------------


def test_wpa_supplicant_gets_name_and_password_whole():
    conf = supplicant_conf(WifiNetwork("Café", ODD))
    assert f"ssid={'Café'.encode().hex()}\n" in conf
    assert f"sae_password={ODD.encode().hex()}\n" in conf
    assert ODD not in conf  # in quotes, wpa_supplicant 2.10 would end it at its #
    assert "key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE\n" in conf
    assert "scan_ssid" not in conf


def test_the_key_for_wpa2_is_made_as_the_standard_has_it():
    conf = supplicant_conf(WifiNetwork("IEEE", "password"))  # IEEE 802.11, annex J.4.2
    assert "psk=f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e\n" in conf


def test_open_and_hidden_networks_and_keys_that_are_made_already():
    assert "key_mgmt=NONE" in supplicant_conf(WifiNetwork("Cafe", ""))
    assert "psk" not in supplicant_conf(WifiNetwork("Cafe", ""))
    assert "scan_ssid=1" in supplicant_conf(WifiNetwork("Home", "12345678", hidden=True))
    assert f"psk={'aF' * 32}\n" in supplicant_conf(WifiNetwork("Home", "aF" * 32))


@pytest.fixture
def installed(tmp_path):
    """A jukebox on its own card; `ran` holds what it asked the system for."""
    ran = []
    (tmp_path / "card.conf").touch()
    made = InstalledJukebox(
        lambda words: ran.append(" ".join(words)) or "",
        wifi_file=tmp_path / "wifi.conf",
        wifi_drop_in=tmp_path / "card.conf",
    )
    made.ran = ran
    return made


def test_a_network_is_set_for_root_alone_and_joined_at_once(installed, tmp_path, caplog):
    asked = {"name": "Home", "password": "12345678", "hidden": False}
    answer = Administrator(installed).do("wifi", asked)
    assert stat.S_IMODE((tmp_path / "wifi.conf").stat().st_mode) == 0o600
    assert f"sae_password={b'12345678'.hex()}" in (tmp_path / "wifi.conf").read_text()
    assert installed.ran[-1] == "systemctl restart --no-block wpa_supplicant@wlan0.service"
    assert "12345678" not in f"{answer} {caplog.text} {installed.ran}"


def test_the_wifi_of_somebody_elses_machine_is_left_alone(installed, tmp_path):
    (tmp_path / "card.conf").unlink()
    for machine in (installed, UsersJukebox(tmp_path / "jukebox.toml", lambda: None)):
        with pytest.raises(JukeboxError):
            Administrator(machine).do("wifi", {"name": "Home", "password": "12345678"})
    assert not (tmp_path / "wifi.conf").exists()


# --- how it went ---------------------------------------------------------------------------------


@pytest.fixture
def supplicant(tmp_path):
    """wpa_supplicant as far as its control socket: a function that lets it say these messages."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here:
        here.bind(str(tmp_path / "wlan0"))

        def say(messages):
            assert here.recvfrom(100)[0] == b"ATTACH"
            asked, client = here.recvfrom(100)
            assert asked == b"STATUS"
            for message in ["OK\n", *messages]:
                here.sendto(message.encode(), client)

        yield say


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        (["wpa_state=SCANNING\n", "<3>CTRL-EVENT-CONNECTED - Connection to 02:00"], "connected"),
        (["ssid=Home\nwpa_state=COMPLETED\nkey_mgmt=SAE\n"], "connected"),
        (
            ["<3>CTRL-EVENT-SSID-TEMP-DISABLED id=0 auth_failures=1 duration=10 reason=WRONG_KEY"],
            "wrong password",
        ),
        (
            ["<3>CTRL-EVENT-AUTH-REJECT 02:00 auth_type=3 auth_transaction=2 status_code=15"],
            "wrong password",
        ),
        (["<3>CTRL-EVENT-NETWORK-NOT-FOUND "], "not found"),
    ],
)
def test_how_it_went_is_found_out(tmp_path, supplicant, messages, found):
    talking = threading.Thread(target=supplicant, args=[messages])
    talking.start()
    wait_s = 0.5 if found == "not found" else 30.0
    assert outcome(wait_s, tmp_path / "wlan0", tmp_path / "own") == found
    talking.join()
    assert not (tmp_path / "own").exists()


# --- the whole way -------------------------------------------------------------------------------


class Fake:
    """Everything around `Joining`; told: what was asked for, shown and said, in this order."""

    def __init__(self, files=(), codes=(), outcomes=(), networks=()):
        self.told, self._time_s = [], 0.0
        self._codes, self._outcomes, self._networks = list(codes), list(outcomes), list(networks)
        self.joining = Joining(
            self, files, self.scan, self.outcome, self.has_network, self, self.sleep, self.now
        )

    def do(self, word, arguments):
        self.told.append((word, arguments.get("name", arguments.get("what"))))
        return Answer("done")

    def show(self, what):
        if ("light", what) not in self.told[-1:]:
            self.told.append(("light", what))

    def scan(self, seconds):
        self._time_s += seconds
        code = self._codes.pop(0) if self._codes else ""
        if isinstance(code, Exception):
            raise code
        return code

    def outcome(self, _wait_s):
        found = self._outcomes.pop(0)
        self._networks = [found == "connected"]
        return found

    def has_network(self):
        return self._networks[0] if self._networks else False

    def sleep(self, seconds):
        self._time_s += seconds

    def now(self):
        return self._time_s


def test_a_file_is_used_once_and_deleted_and_its_outcome_told(tmp_path, caplog):
    caplog.set_level("INFO", "jukebox")
    file = tmp_path / "wifi.txt"
    file.write_text("name = Home\npassword = 12345678")
    fake = Fake([tmp_path / "other.txt", file], outcomes=["connected"])
    assert fake.joining.use_file()
    fake.joining.wait()
    fake.joining.use_codes()
    assert not file.exists()
    assert fake.told == [
        ("wifi", "Home"), ("light", "joining"), ("light", ""), ("signal", "connected"),
    ]  # fmt: skip
    assert "12345678" not in caplog.text


def test_a_file_with_a_mistake_stays_and_is_told(tmp_path, caplog):
    file = tmp_path / "wifi.txt"
    file.write_text("name = Home\npassword = secret!")
    fake = Fake([file])
    assert not fake.joining.use_file()
    assert file.exists()
    assert ("signal", "refused") in fake.told
    assert "8 to 63" in caplog.text
    assert "secret" not in caplog.text


def test_a_code_with_a_wrong_password_is_told_and_the_next_one_tried():
    codes = ["", "WIFI:T:WPA;S:Home;P:wrong one;;", "WIFI:T:WPA;S:Home;P:right one;;"]
    fake = Fake(codes=codes, outcomes=["wrong password", "connected"])
    fake.joining.use_codes()
    assert fake.told == [
        ("light", "looking"),
        ("wifi", "Home"), ("light", "joining"), ("light", "refused"), ("signal", "refused"),
        ("light", "looking"),
        ("wifi", "Home"), ("light", "joining"), ("light", ""), ("signal", "connected"),
    ]  # fmt: skip


def test_with_a_cable_nobody_looks_for_a_code():
    fake = Fake(codes=["WIFI:T:WPA;S:Home;P:12345678;;"], networks=[True])
    fake.joining.use_codes()
    assert fake.told == []


def test_it_looks_for_ten_minutes_and_says_once_why_it_cannot(caplog):
    fake = Fake(codes=[ControlError("the camera is off")] * 500)
    fake.joining.use_codes()
    assert 600 <= fake.now() < 800
    assert caplog.text.count("the camera is off") == 1


def test_the_light_on_the_board_blinks_and_is_again_what_it_was(tmp_path):
    for name, text in (("trigger", "none [mmc0] timer\n"), ("delay_on", ""), ("delay_off", "")):
        (tmp_path / name).write_text(text)
    light = BoardLight(tmp_path)
    light.show("refused")
    assert (tmp_path / "trigger").read_text() == "timer"
    assert (tmp_path / "delay_on").read_text() == "100"
    light.show("")
    assert (tmp_path / "trigger").read_text() == "mmc0"
    BoardLight(tmp_path / "none").show("looking")  # a PC has none


# --- who may ask for a code ----------------------------------------------------------------------


def test_only_root_or_the_jukeboxs_own_user_is_trusted_with_a_password(monkeypatch):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert Connection(ours, 0).is_trusted
        monkeypatch.setattr(os, "geteuid", lambda: 12_345)
        assert Connection(ours, 0).is_trusted == (os.getuid() == 0)


# --- the screen ----------------------------------------------------------------------------------


def test_the_screen_shows_the_address_and_its_code_or_what_to_do_without_a_network():
    shown = screen(["http://jukebox-1a2b.local/", "http://192.0.2.7/"], has_network=True)
    assert "http://jukebox-1a2b.local/" in shown
    assert "▀" in shown
    assert max(len(line) for line in shown.split("\n") if "\x1b" not in line) <= 80
    assert len(shown.split("\n")) <= 25
    assert "wifi.txt" in screen([], has_network=False)
