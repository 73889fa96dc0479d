"""What changes this machine: files, words, and the socket at which root's process answers."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import pytest

from appliance.admin import files, settings_file
from appliance.admin.administrator import Administrator
from appliance.admin.answers import Answer, EditedError
from appliance.admin.client import AdministratorClient
from appliance.admin.files import hash_of
from appliance.admin.installed import InstalledJukebox
from appliance.admin.machine import UsersJukebox
from appliance.admin.outputs import Output
from appliance.admin.server import serve
from appliance.errors import ConfigError, ControlError, JukeboxError, UsageError

HDMI = Output("alsa:CARD=A,DEV=0", "HDMI", "hdmi", (("type", "alsa"), ("device", "hw:A")))
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


# --- files ---------------------------------------------------------------------------------------


def test_a_file_is_replaced_and_keeps_its_mode_and_a_link_stays_one(tmp_path):
    file, link = tmp_path / "own.toml", tmp_path / "link.toml"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)
    (tmp_path / ".own.toml.part").write_text("left by a pulled plug")
    files.replace(link, "after")
    assert (link.is_symlink(), file.read_text()) == (True, "after")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"own.toml", "link.toml"}


@is_root
def test_a_file_keeps_its_owner_and_its_group(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text("before")
    os.chown(file, 12_345, 23_456)
    files.replace(file, "after")
    assert (file.stat().st_uid, file.stat().st_gid) == (12_345, 23_456)


def test_a_new_file_is_for_its_owner_alone(tmp_path):
    files.replace(tmp_path / "folder" / "new.toml", "text")
    assert stat.S_IMODE((tmp_path / "folder" / "new.toml").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path):
    (tmp_path / "jukebox.toml").mkdir()
    with pytest.raises(JukeboxError, match="cannot be written"):
        files.replace(tmp_path / "jukebox.toml", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["jukebox.toml"]


@pytest.mark.parametrize(
    ("content", "said"), [(b"\xff", "is not UTF-8"), (b"#" * 70_000, "is larger than")]
)
def test_a_file_that_is_no_text_or_endless_is_not_read(tmp_path, content, said):
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(JukeboxError, match=said):
        settings_file.read(tmp_path / "f")


# --- the settings --------------------------------------------------------------------------------


@pytest.fixture
def toml(tmp_path):
    file = tmp_path / "jukebox.toml"
    file.write_text("# Mine.\n[mood]\ndwell_s = 8\n")
    return file


def test_good_settings_are_written_and_what_has_changed_is_told(toml):
    wanted = "# Mine.\n[mood]\ndwell_s = 9\n[gpio]\nled = 3\n"
    changed = settings_file.write(toml, wanted, hash_of(toml.read_text()))
    assert (toml.read_text(), changed) == (wanted, {"mood", "gpio"})
    again = settings_file.write(toml, wanted.replace("Mine", "Ours"), hash_of(wanted))
    assert (toml.read_text()[:7], again) == ("# Ours.", frozenset())


def test_settings_that_no_start_would_accept_are_not_written(toml):
    before = toml.read_text()
    with pytest.raises(ConfigError, match=r"jukebox.toml:2: mood.dwell_s is -1"):
        settings_file.write(toml, "[mood]\ndwell_s = -1", hash_of(before))
    assert toml.read_text() == before


def test_a_file_that_was_edited_meanwhile_is_not_overwritten_but_shown(toml):
    made_from = hash_of(toml.read_text())
    toml.write_text("[mood]\ndwell_s = 7\n")
    with pytest.raises(EditedError, match="was edited meanwhile") as caught:
        settings_file.write(toml, "[mood]\ndwell_s = 9\n", made_from)
    assert "-dwell_s = 7\n+dwell_s = 9" in caught.value.difference
    assert toml.read_text() == "[mood]\ndwell_s = 7\n"


# --- the words -----------------------------------------------------------------------------------


class RecordingMachine:
    """Notes what is asked of it. It has one output, by HDMI."""

    def __init__(self, file):
        self.settings_file = file
        self.done = []

    def reload(self, sections):
        self.done.append(("reload", sorted(sections)))
        return "saved, and in force"

    def outputs(self):
        return [HDMI]

    def chosen(self):
        return None

    def choose(self, output):
        self.done.append(("choose", output))

    def name(self):
        return "old"

    def rename(self, name):
        self.done.append(("rename", name))


@pytest.fixture
def machine(toml):
    return RecordingMachine(toml)


def test_what_was_written_is_put_in_force(machine):
    here = Administrator(machine)
    read = here.do("settings", {}).data
    text = read["text"].replace("8", "12")
    written = here.do("write", {"text": text, "hash": read["hash"]})
    assert (written.text, written.data) == ("saved, and in force", {"sections": ["mood"]})
    assert machine.done == [("reload", ["mood"])]
    again = here.do("write", {"text": text, "hash": hash_of(text)})
    assert (again.text, len(machine.done)) == ("saved; nothing is different", 1)


def test_only_an_output_that_is_there_is_chosen(machine):
    here = Administrator(machine)
    known = here.do("outputs", {}).data
    assert known == {
        "outputs": [{"id": HDMI.id, "name": "HDMI", "kind": "hdmi"}], "chosen": None,
    }  # fmt: skip
    here.do("choose", {"output": HDMI.id})
    assert machine.done[0] == ("choose", HDMI)
    for word in ("choose", "tone"):
        with pytest.raises(UsageError, match="not there any more"):
            here.do(word, {"output": 'hw:1"\n}\n'})


def test_the_music_of_several_rooms_comes_out_where_the_owner_chose(machine):
    here = Administrator(machine)
    for _ in range(2):
        here.do("choose", {"output": HDMI.id})
        written = machine.settings_file.read_text()
        assert written == '# Mine.\n[mood]\ndwell_s = 8\n\n[rooms]\ndevice = "hw:A"\n'
    assert machine.done == [("choose", HDMI), ("reload", ["rooms"]), ("choose", HDMI)]
    machine.settings_file.write_text("nonsense")  # its owner is told of that elsewhere
    assert here.do("choose", {"output": HDMI.id}).text == "the music plays there from now on"


@pytest.mark.parametrize(
    ("typed", "name"),
    [("music", "music"), (" Music.local ", "music"), ("living-room-2", "living-room-2")],
)
def test_a_name_becomes_one_that_every_network_takes(machine, typed, name):
    assert Administrator(machine).do("rename", {"name": typed}).data == {"name": name}
    assert machine.done == [("rename", name)]
    assert Administrator(machine).do("name", {}).data == {"name": "old"}
    assert "already" in Administrator(machine).do("rename", {"name": "OLD"}).text
    assert len(machine.done) == 1


@pytest.mark.parametrize("typed", ["", "a b", "-a", "a-", "ü", "a.b", "x" * 64, "a\nb", "a;b"])
def test_a_name_that_no_network_takes_is_refused(machine, typed):
    with pytest.raises(UsageError, match="letters, digits and hyphens only"):
        Administrator(machine).do("rename", {"name": typed})
    assert machine.done == []


@pytest.mark.parametrize(
    ("word", "arguments"),
    [("sing", {}), ("write", {}), ("write", {"text": 3, "hash": ""}), ("rename", {"name": None})],
)
def test_what_is_no_request_is_said(machine, word, arguments):
    with pytest.raises(UsageError, match=r"unknown word 'sing'|must be a text"):
        Administrator(machine).do(word, arguments)


def test_a_users_jukebox_says_what_needs_root_and_when_settings_count(toml):
    told = []
    here = UsersJukebox(toml, lambda: told.append("reload"))
    assert here.reload({"mood"}) == "saved, and in force"
    assert "from the next start" in here.reload({"mood", "web"})
    assert told == ["reload", "reload"]
    here.outputs = lambda: [HDMI]
    administrator = Administrator(here)
    for word, arguments in (("choose", {"output": HDMI.id}), ("rename", {"name": "music"})):
        with pytest.raises(JukeboxError, match="only an installed jukebox"):
            administrator.do(word, arguments)

    def nobody():
        raise ControlError("no jukebox runs")

    assert "when it starts" in UsersJukebox(toml, nobody).reload({"mood"})


# --- an installed jukebox ------------------------------------------------------------------------

OWN_CONF = '# Mine.\naudio_output {\n    type "null"\n    name "silence"\n}\n'


class Installed:
    """An installed jukebox in a folder. ran: the programs that it ran. fails: beginnings of those
    that fail."""

    def __init__(self, folder):
        self.ran, self.fails, self.state = [], [], "active"
        self.mpd_file, self.hosts = folder / "mpd-own.conf", folder / "hosts"
        self.mpd_file.write_text(OWN_CONF)
        self.hosts.write_text("127.0.0.1\tlocalhost\n")
        self.drop_in = folder / "drop-in.conf"
        self.drop_in.touch()
        self.machine = InstalledJukebox(
            self.run, mpd_file=self.mpd_file, mpd_drop_in=self.drop_in, hosts=self.hosts
        )

    def run(self, command):
        words = " ".join(command)
        self.ran.append(words)
        if self.fails and self.fails[0] in words:
            self.fails.pop(0)
            raise JukeboxError(f"{words}: failed")
        return "old.home\n" if words == "hostnamectl hostname" else f"{self.state}\n"


@pytest.fixture
def installed(tmp_path):
    return Installed(tmp_path)


ASKS = "systemctl show --property=ActiveState --value jukebox.service"


@pytest.mark.parametrize(
    ("state", "sections", "then", "said"),
    [
        ("active", {"mood"}, ["systemctl reload jukebox.service"], "saved, and in force"),
        (
            "active", {"store"}, ["systemctl restart --no-block jukebox.service"],
            "saved, and in force",
        ),
        (
            "failed", {"mood"},
            [
                "systemctl reset-failed jukebox.service",
                "systemctl restart --no-block jukebox.service",
            ],
            "saved, and in force",
        ),
        ("inactive", {"mood"}, [], "saved; the jukebox reads it when it starts"),
    ],
)  # fmt: skip
def test_settings_come_into_force_and_a_stopped_jukebox_stays_so(
    installed, state, sections, then, said
):
    installed.state = state
    assert installed.machine.reload(sections) == said
    assert installed.ran == [ASKS, *then]


def test_the_page_starts_anew_with_settings_of_its_own(installed):
    installed.machine.reload({"web"})
    assert "systemctl try-restart --no-block jukebox-web.service" in installed.ran


def test_the_home_starts_with_settings_of_its_own_and_only_goes_on_with_others(installed):
    installed.machine.reload({"home"})
    assert "systemctl restart --no-block jukebox-home.service" in installed.ran
    installed.machine.reload({"mpd"})
    assert "systemctl try-restart --no-block jukebox-home.service" in installed.ran


def test_an_output_is_written_and_mpd_started_anew(installed):
    installed.machine.choose(HDMI)
    assert installed.mpd_file.read_text() == (
        '# Mine.\naudio_output {\n    type "alsa"\n    device "hw:A"\n    name "silence"\n}\n'
    )
    assert installed.ran == ["systemctl restart mpd.service"]


def test_an_output_with_which_mpd_does_not_start_is_taken_back(installed):
    installed.fails = ["restart mpd"]
    with pytest.raises(JukeboxError, match="keeps the former one"):
        installed.machine.choose(HDMI)
    assert installed.mpd_file.read_text() == OWN_CONF
    assert installed.ran[-1] == "systemctl restart mpd.service"


def test_an_mpd_of_the_owners_own_is_left_alone(installed):
    installed.drop_in.unlink()
    with pytest.raises(JukeboxError, match=r"its owner's here.*/etc/mpd.conf"):
        installed.machine.choose(HDMI)
    assert (installed.ran, installed.mpd_file.read_text()) == ([], OWN_CONF)


def test_a_new_name_is_known_to_the_machine_and_to_the_network(installed):
    installed.hosts.write_text(
        "127.0.0.1 localhost old\n127.0.1.1 old.home old oldest\n192.0.2.1 old\n"
    )
    installed.machine.rename("new")
    assert installed.hosts.read_text() == (
        "127.0.0.1 localhost old\n127.0.1.1 new.home new oldest\n192.0.2.1 old\n"
    )
    assert installed.ran == [
        "hostnamectl hostname",
        "hostnamectl set-hostname new",
        "systemctl try-restart --no-block avahi-daemon.service",
        "systemctl try-restart --no-block mpd.service",
        "systemctl try-restart --no-block jukebox-web.service",
    ]


# --- the socket ----------------------------------------------------------------------------------


class Echo:
    """Answers with what it was asked for."""

    def do(self, word, arguments):
        match word:
            case "edited":
                raise EditedError("was edited", "-a\n+b")
            case "usage":
                raise UsageError("is no request")
            case "refused":
                raise JukeboxError("does not want to")
            case "end":
                raise SystemExit
        return Answer(word, arguments)


def serve_until_the_end(*arguments):
    with suppress(SystemExit):
        serve(*arguments)


@contextmanager
def serving(path, groups=(), idle_s=60.0):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o666)  # so that it is the process that decides
        listener.listen()
        thread = threading.Thread(
            target=serve_until_the_end, args=(listener, Echo(), groups, idle_s)
        )
        thread.start()
        yield thread
        if thread.is_alive():
            with pytest.raises(ControlError):
                AdministratorClient(path).do("end", {})
        thread.join(10.0)


@pytest.fixture
def door(tmp_path):
    path = tmp_path / "socket"
    with serving(path):
        yield path


def test_root_or_the_same_user_is_answered_as_if_it_were_one_process(door):
    client = AdministratorClient(door)
    text = '# "Ü"\n' * 8000  # nearly as much as a jukebox.toml may have
    assert client.do("echo", {"text": text}) == Answer("echo", {"text": text})
    with pytest.raises(EditedError) as edited:
        client.do("edited", {})
    assert edited.value.difference == "-a\n+b"
    with pytest.raises(UsageError, match="is no request"):
        client.do("usage", {})
    with pytest.raises(ControlError, match="does not want to"):
        client.do("refused", {})


def test_where_nobody_listens_it_says_what_to_look_at(tmp_path):
    with pytest.raises(ControlError, match="systemctl status jukebox-admin"):
        AdministratorClient(tmp_path / "none").do("settings", {})


@pytest.mark.parametrize("line", [b"{\n", b"[]\n", b'{"id": 1}\n', b'{"id": 1, "do": 2}\n'])
def test_what_is_no_request_is_answered_and_the_next_one_served(door, line):
    with socket.socket(socket.AF_UNIX) as asks:
        asks.connect(str(door))
        asks.sendall(line)
        answers = asks.makefile().read().splitlines()
    assert json.loads(answers[1])["error"]["code"] == "usage"
    assert AdministratorClient(door).do("echo", {}).text == "echo"


def test_who_hangs_up_or_sends_no_end_is_left(door, monkeypatch):
    monkeypatch.setattr("appliance.admin.server.PATIENCE_S", 0.1)
    for sent in (b"", b"{" * 600_000):
        with socket.socket(socket.AF_UNIX) as asks:
            asks.connect(str(door))
            asks.settimeout(5)
            try:
                asks.sendall(sent)
                assert b"\n" in asks.makefile("rb").read()  # the greeting, and no answer
            except OSError:
                assert sent
    assert AdministratorClient(door).do("echo", {}).text == "echo"


def test_it_ends_when_nobody_asks(tmp_path):
    with serving(tmp_path / "socket", idle_s=0.05) as thread:
        thread.join(5.0)
        assert not thread.is_alive()


ASKS_AS = """
import contextlib, os, socket, sys
os.setgroups([int(word) for word in sys.argv[2:]])
os.setresgid(54321, 54321, 54321)
os.setresuid(54321, 54321, 54321)
asks = socket.socket(socket.AF_UNIX)
asks.connect(sys.argv[1])
said = asks.makefile()
print(said.readline())
with contextlib.suppress(OSError):  # who is refused in the first line is hung up on
    asks.sendall(b'{"id": 1, "do": "wifi"}\\n')
    print(said.readline())
"""


@is_root
@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["777", "4242"], "only root may ask for wifi"),
        (["777"], "only members"),
        ([], "refused"),
    ],
)
def test_of_other_users_only_members_are_answered_and_not_about_wifi(
    tmp_path_factory, groups, said
):
    folder = tmp_path_factory.mktemp("door")
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(0o755)
    with serving(folder / "socket", groups={4242}):
        told = subprocess.run(
            [sys.executable, "-c", ASKS_AS, str(folder / "socket"), *groups],
            capture_output=True, text=True, check=True, timeout=20,
        )  # fmt: skip
    assert said in told.stdout
