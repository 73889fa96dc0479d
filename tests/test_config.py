from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from appliance.config import lines, loading
from appliance.config.loading import find, load, parse
from appliance.config.writing import as_dict, as_toml
from appliance.errors import ConfigError
from appliance.records import EMOTIONS
from appliance.settings import Between, MpdSettings, Settings, keys

ROOT = Path(__file__).parent.parent


def complaints(content: str | bytes) -> list[str]:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(ConfigError) as caught:
        parse(raw, "f")
    assert caught.value.exit_code == 78
    return str(caught.value).split("\n")


# --- mistakes ---------------------------------------------------------------------------------

MISTAKES = {
    # numbers
    "[mood]\ndwell_s = -3": "f:2: mood.dwell_s is -3; it must be a number from 0 to 600",
    "[mood]\nmargin = nan": "f:2: mood.margin is nan; it must be a number from 0 to 1",
    "[mood]\naway_s = -inf": "f:2: mood.away_s is -inf; it must be a number from 1 to 86400",
    "[mood]\ndwell_s = true": "f:2: mood.dwell_s is true; it must be a number from 0 to 600",
    '[mood]\ndwell_s = "8"': 'f:2: mood.dwell_s is "8"; it must be a number from 0 to 600',
    "[mpd]\nport = 0": "f:2: mpd.port is 0; it must be a whole number from 1 to 65535",
    "[mpd]\nport = 6600.0": "f:2: mpd.port is 6600.0; it must be a whole number from 1 to 65535",
    f"[mpd]\nport = 0x{'f' * 9000}": "f:2: mpd.port is a huge number; it must be a whole number fr",
    "[mood]\ndwell_s = 2026-11-23": "f:2: mood.dwell_s is a date or time; it must be a number from",
    "[mood]\ndwell_s = [8]": "f:2: mood.dwell_s is a list; it must be a number from 0 to 600",
    "[mood.dwell_s]": "f:1: mood.dwell_s is a section; it must be a number from 0 to 600",
    # choices
    '[music]\nchange = "fade"': 'f:2: music.change is "fade"; it must be "end", "now" or',
    '[faces]\ndetector = "Haar"': 'f:2: faces.detector is "Haar"; it must be "blazeface" or',
    "[camera]\nrotate_degrees = 45": "f:2: camera.rotate_degrees is 45; it must be 0, 90, 180 or",
    "[camera]\nrotate_degrees = false": "f:2: camera.rotate_degrees is false; it must be 0, 90,",
    "[camera]\nrotate_degrees = 90.0": "f:2: camera.rotate_degrees is 90.0; it must be 0, 90, 180",
    "[gender]\nenabled = 1": "f:2: gender.enabled is 1; it must be true or false",
    '[gender]\nenabled = "yes"': 'f:2: gender.enabled is "yes"; it must be true or false',
    # hosts
    '[web]\nname = "http://music.home/"': 'f:2: web.name is "http://music.home/"; it must be an IP',
    '[web]\nname = "*"': 'f:2: web.name is "*"; it must be an IP address or a name such as',
    '[web]\nname = "a b"': 'f:2: web.name is "a b"; it must be an IP address or a name such as',
    '[web]\nname = "a-.home"': 'f:2: web.name is "a-.home"; it must be an IP address or a name',
    '[web]\naddress = "999.1.1.1"': 'f:2: web.address is "999.1.1.1"; it must be an IP address',
    '[web]\naddress = "music.home"': 'f:2: web.address is "music.home"; it must be an IP address',
    # texts and paths
    '[camera]\nsource = "picamera"': 'f:2: camera.source is "picamera"; it must be "auto",',
    "[camera]\nsource = 0": 'f:2: camera.source is 0; it must be "auto", "picamera2", "reel" or a',
    '[camera]\nsource = ""': 'f:2: camera.source is ""; it must be "auto", "picamera2", "reel" or',
    '[emotion]\nmodel = "x.tflite"': 'f:2: emotion.model is "x.tflite"; it must be a path that',
    '[store]\npath = "x.db"': 'f:2: store.path is "x.db"; it must be a path that begins with / or',
    '[store]\npath = "/a\\u0000b"': 'f:2: store.path is "/a\\u0000b"; it must be a path that',
    '[mpd]\naddress = "h\\nkill"': 'f:2: mpd.address is "h\\nkill"; it must be a text of one line',
    "[playlists]\nsad = []": "f:2: playlists.sad is an empty list; it must be a text, or a list",
    '[playlists]\nsad = ""': 'f:2: playlists.sad is ""; it must be a text, or a list of one or',
    '[playlists]\nsad = [\n "a",\n 3]': "f:2: playlists.sad is a list; it must be a text, or a",
    # secrets stay secret
    "[mpd]\npassword = 1234": "f:2: mpd.password is ********; it must be a text of one line",
    '[mpd]\npassword = "********"': "f:2: mpd.password is the mask that `jukebox config` prints;",
    '[mpd]\naddress = "secret@host"': "f:2: mpd.address has a password before the @; write it",
    # keys and sections
    "[mood]\ndwel_s = 3": "f:2: mood.dwel_s is not a setting; did you mean mood.dwell_s?",
    "[mood]\nDWELL_S = 3": "f:2: mood.DWELL_S is not a setting; did you mean mood.dwell_s?",
    "[music]\ndwell_s = 3": "f:2: music.dwell_s is not a setting; did you mean [mood] dwell_s?",
    "[music]\ndwel_s = 3": "f:2: music.dwel_s is not a setting; did you mean [mood] dwell_s?",
    "[music]\nvolume = 3": "f:2: music.volume is not a setting; [music] has change, crossfade_s",
    '[music]\n"a b\\u001b" = 3': 'f:2: music."a b\\u001b" is not a setting; [music] has change',
    "[moods]\ndwell_s = 3": "f:1: [moods] is not a section; did you mean [mood]?",
    "[garden]": "f:1: [garden] is not a section; there are [camera], [faces], [emotion], [gender],",
    "dwell_s = 3": "f:1: dwell_s stands outside a section; did you mean [mood] dwell_s?",
    "garden = 3": "f:1: garden stands outside a section",
    "mood = 3": "f:1: mood must be a section: write [mood] and its keys in the lines below",
    "[[mood]]\ndwell_s = 3": "f:1: mood must be a section: write [mood] and its keys in the lines",
    # two keys together
    "[camera]\nheight_px = 240\n[faces]\nmin_height_px = 400": "f:4: faces.min_height_px is 400;",
    "[gpio]\nled = 17\nbutton = 17": "f:3: gpio.button is 17, and so is gpio.led; they need a pin",
    "[volume]\nmax = 40\nquiet_max = 50": "f:3: volume.quiet_max is 50; it must not be higher than",
    "[volume]\nquiet_max = 50\nmax = 40": "f:2: volume.quiet_max is 50; it must not be higher than",
    # links
    '[playlists]\nhappy = ["a", "ftp://x/y"]': "f:2: playlists.happy has ftp://x/y; MPD plays",
    '[playlists]\nsad = "SFTP://x/y"': "f:2: playlists.sad has SFTP://x/y; MPD plays no SFTP links",
    # not TOML
    "[mood]\ndwell_s = eight": "f:2: is not TOML: Invalid value at column 11; write texts in",
    "[mood]\ndwell_s = 1\ndwell_s = 2": "f:3: is not TOML: Cannot overwrite a value;",
    "[mood]\n[mood]": "f:2: is not TOML: Cannot declare ('mood',) twice at column 6; write each",
    "[mood]\ndwell_s =": "f:2: is not TOML: Invalid value",
    "[mood": "f:1: is not TOML: Expected ']' at the end of a table declaration",
    f"[mood]\ndwell_s = {'9' * 9000}": "f: is not a jukebox.toml: Exceeds the limit",
    f"[mood]\ndwell_s = {'[' * 9000}": "f: is not a jukebox.toml: maximum recursion",
    "\0": "f:1: is not TOML: ",
}


@pytest.mark.parametrize(("content", "complaint"), MISTAKES.items(), ids=lambda text: text[:40])
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(content: str, complaint: str) -> None:
    (line,) = complaints(content)
    assert line.startswith(complaint)


def test_a_near_word_is_suggested() -> None:
    (line,) = complaints('[camera]\nsource = "picamera"')
    assert line.endswith('or a path that begins with / or ~/; did you mean "picamera2"?')


@pytest.mark.parametrize(
    ("written", "meant"),
    [("yes", "true"), ("on # please", "true"), ("True", "true"), ("no", "false"), ("OFF", "false")],
)
def test_a_word_for_true_or_false_is_answered_with_it(written: str, meant: str) -> None:
    (line,) = complaints(f"[gender]\nenabled = {written}")
    assert line.startswith("f:2: is not TOML: Invalid value")
    assert line.endswith(f"; write {meant}")
    word = written.partition(" ")[0]
    (line,) = complaints(f'[gender]\nenabled = "{word}"')
    assert line.endswith(f"it must be true or false; did you mean {meant}?")


@pytest.mark.parametrize(
    "content",
    ["[gpio]", "[gpio]\nled = 17\nbutton = 27", "[volume]\nmax = 20", "[volume]\nquiet_max = 100"],
)
def test_what_an_owner_leaves_out_contradicts_nothing(content: str) -> None:
    parse(content.encode(), "f")


def test_thousands_of_mistakes_cost_one_reading_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "".join(f"[mood{n}]\nsilly_{n} = [\n{n},\n]\n" for n in range(1000))
    assert parse_length_of_lines(text, monkeypatch) < 3 * len(text)
    assert complaints(text)[-1].startswith("f:3997: [mood999]")


def parse_length_of_lines(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many characters tomllib reads to find the lines of a text."""
    read: list[int] = []
    loads = lines.tomllib.loads
    with monkeypatch.context() as patched:
        patched.setattr(lines.tomllib, "loads", lambda part: read.append(len(part)) or loads(part))
        lines.Lines(text)
    return sum(read)


def test_a_key_within_braces_has_the_line_of_its_section() -> None:
    (line,) = complaints("[music]\n[faces]\n[camera]\nwidth_px = 640\n[mood.dwell_s]\nx = 1\n")
    assert line.startswith("f:5: mood.dwell_s")
    (line,) = complaints("# first\nmood = { margin = 0.5, dwell_s = -1 }")
    assert line.startswith("f:2: mood.dwell_s")
    (line,) = complaints("mood.margin = 0.5\nmood . 'dwell_s' = -1")
    assert line.startswith("f:2: mood.dwell_s")


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file() -> None:
    said = complaints(
        "extra = 1\n[mood]\ndwell_s = -1\n\n[mpd]\nport = 'x'\n[moon]\n[music]\na = 1\n"
    )
    assert [line.split(" ")[0] for line in said] == ["f:1:", "f:3:", "f:6:", "f:7:", "f:9:"]


def test_a_contradiction_is_not_claimed_about_a_value_that_is_wrong_itself() -> None:
    (line,) = complaints("[camera]\nheight_px = -1\n[faces]\nmin_height_px = 600")
    assert "camera.height_px" in line


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("# dwell_s: see below\n\n[mood]\n# dwell_s\ndwell_s = -1", 5),
        ("[playlists]\nsad = [ # dwell_s\n 'dwell_s',\n]\n[mood]\ndwell_s = -1", 6),
        ('[mpd]\npassword = """y\nx"""\n[mood]\ndwell_s = -1', 2),
        ("[mood]\n'dwell_s' = -1", 2),
        ("[mood]\r\n\r\ndwell_s = -1\r\n", 3),
        ("mood.margin = 0\nmood . dwell_s = -1", 2),
        ("\nmood = { margin = 0, dwell_s = -1 }", 2),
        ("[music]\n[playlists]\nhappy = 'x'\n[mood]\ndwell_s = -1\nmargin = 0", 5),
    ],
)
def test_the_line_is_right_however_the_key_is_written(content: str, line: int) -> None:
    assert complaints(content)[0].startswith(f"f:{line}: ")


def test_windows_line_ends_and_byte_order_mark_are_allowed() -> None:
    assert parse(b"\xef\xbb\xbf[mood]\r\ndwell_s = 3\r\n", "f").mood.dwell_s == 3.0


def test_another_encoding_is_named_with_its_line() -> None:
    assert complaints("[mpd]\naddress = 'küche'".encode("latin-1")) == [
        "f:2: is not UTF-8; save the file in that encoding"
    ]


# --- what works -------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["", "\n", "# nothing", "[mood]"])
def test_an_empty_file_works(content: str) -> None:
    assert parse(content.encode(), "f") == Settings()


def test_a_whole_number_is_allowed_where_a_fraction_is() -> None:
    dwell_s = parse(b"[mood]\ndwell_s = 3", "f").mood.dwell_s
    assert dwell_s == 3.0
    assert type(dwell_s) is float


def test_a_playlist_may_be_one_text_or_several() -> None:
    playlists = parse(b"[playlists]\nsad = 'Blues'\nhappy = ['a', 'http://x/y']", "f").playlists
    assert playlists.sad == ("Blues",)
    assert playlists.happy == ("a", "http://x/y")


def test_every_emotion_has_a_playlist_of_its_name() -> None:
    assert tuple(keys()["playlists"]) == tuple(EMOTIONS)
    for emotion in EMOTIONS:
        assert Settings().playlists.of(emotion) == (emotion.value,)


def test_a_path_from_the_home_folder_is_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert parse(b"[store]\npath = '~/j.db'", "f").store.path == "/home/someone/j.db"


def test_every_limit_itself_is_allowed_and_every_default_lies_within() -> None:
    for section, table in keys().items():
        for key in table.values():
            if isinstance(key.limit, Between):
                assert key.limit.low <= key.default <= key.limit.high
                for value in (key.limit.low, key.limit.high):
                    if (section, key.name) != ("faces", "min_height_px"):
                        parse(f"[{section}]\n{key.name} = {value}".encode(), "f")


# --- there and back ---------------------------------------------------------------------------

OWN = parse(
    b"""
    camera = { source = "/srv/a \\"b\\" c.mkv", frames_per_second = 1.5, rotate_degrees = 270 }
    [music]
    change = "now"
    [playlists]
    sad = ["Tr\xc3\xbcb", "C:\\\\#1"]
    [mpd]
    password = "s3cret"
    """,
    "own",
)


@pytest.mark.parametrize("settings", [Settings(), OWN], ids=["defaults", "own"])
def test_printed_settings_read_back_the_same(settings: Settings) -> None:
    assert parse(as_toml(settings, show_secrets=True).encode(), "f") == settings


def test_secrets_are_masked_unless_asked_for() -> None:
    assert "s3cret" not in as_toml(OWN)
    assert "s3cret" not in str(as_dict(OWN))
    assert as_dict(OWN)["mpd"]["password"] == "********"
    assert as_dict(OWN, show_secrets=True)["mpd"]["password"] == "s3cret"
    assert as_dict(Settings())["mpd"]["password"] == ""


def test_the_file_at_the_root_is_the_one_the_program_prints() -> None:
    text = (ROOT / "jukebox.toml").read_text()
    assert text == as_toml(Settings(), commented_out=True), (
        "write it again: python -c 'from appliance.config.writing import *; "
        'print(as_toml(Settings(), commented_out=True), end="")\' > jukebox.toml'
    )
    assert parse(text.encode(), "jukebox.toml") == Settings()
    uncommented = "\n".join(line.removeprefix("#") for line in text.split("\n") if line[:2] != "# ")
    assert parse(uncommented.encode(), "jukebox.toml") == Settings()
    assert all(len(line) <= 100 for line in text.split("\n"))


def test_every_key_has_its_line_of_meaning() -> None:
    for table in keys().values():
        for key in table.values():
            assert key.meaning.endswith("."), key


def test_settings_cannot_be_changed_behind_the_loops_back() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().mood.dwell_s = 1  # type: ignore[misc]
    assert not hasattr(MpdSettings(), "__dict__")


# --- finding the file -------------------------------------------------------------------------


def test_the_file_is_looked_for_in_the_documented_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, own = tmp_path / "etc.toml", tmp_path / "xdg/jukebox/jukebox.toml"
    home = tmp_path / ".config/jukebox/jukebox.toml"
    monkeypatch.setattr(loading, "SYSTEM_FILE", system)
    environ = {"HOME": str(tmp_path)}
    assert find(None, environ) is None
    for place in (own, home):
        place.parent.mkdir(parents=True)
        place.touch()
    assert find(None, environ) == home
    environ["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
    assert find(None, environ) == own
    system.touch()
    assert find(None, environ) == system
    environ["JUKEBOX_CONFIG"] = "/not/there.toml"
    assert find(None, environ) == Path("/not/there.toml")
    assert find(Path("named.toml"), environ) == Path("named.toml")


def test_without_a_file_the_defaults_hold() -> None:
    assert load(None) == Settings()


def test_a_file_asked_for_by_name_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        load(tmp_path / "none.toml")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_an_endless_file_ends() -> None:
    with pytest.raises(ConfigError, match="is larger than"):
        load(Path("/dev/zero"))


@pytest.mark.parametrize(("size", "fits"), [(60_000, True), (70_000, False)])
def test_a_file_of_64_kib_fits(tmp_path: Path, size: int, fits: bool) -> None:
    file = tmp_path / "large.toml"
    file.write_text("#" * size)
    if fits:
        assert load(file) == Settings()
    else:
        with pytest.raises(ConfigError, match="is larger than 65536 bytes"):
            load(file)


def test_a_file_that_may_not_be_read_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    (locked / "jukebox.toml").touch()
    locked.chmod(0)
    monkeypatch.setattr(loading, "SYSTEM_FILE", locked / "jukebox.toml")
    if os.access(locked, os.R_OK):  # root reads everything: let the system call refuse instead
        monkeypatch.setattr(Path, "stat", _refuse)
        monkeypatch.setattr(Path, "open", _refuse)
    found = find(None, {})
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        load(found)
    monkeypatch.undo()
    locked.chmod(0o700)


def _refuse(path: Path, *_: object) -> None:
    raise PermissionError(13, "Permission denied", str(path))
