"""Files from phones: how a form is read, what counts as music, names, and what a disk may take."""

import asyncio
import os
import wave
from contextlib import ExitStack
from io import BytesIO
from types import SimpleNamespace

import pytest
from web_page import InProcess

from appliance.errors import UsageError
from appliance.web import disk_space, incoming, music_folder
from appliance.web.disk_space import PromisedSpace, free_mb
from appliance.web.guard import UPLOADS
from appliance.web.incoming import IncomingFile, remove_old_parts, safe_stem
from appliance.web.multipart import read_form
from appliance.web.sound_files import ending_of

TYPE = 'multipart/form-data; boundary="--x"'


def form(*files):
    """A form with files as browsers send it: (name, content)."""
    parts = [
        b'----x\r\nContent-Disposition: form-data; name="music"; filename="' + name.encode()
        + b'"\r\nContent-Type: audio/mpeg\r\n\r\n' + content + b"\r\n"
        for name, content in files
    ]  # fmt: skip
    return b"".join(parts) + b"----x--\r\n"


def read(body, pieces=64 * 1024, content_type=TYPE):
    """The fields of a form that comes in pieces of so many bytes: (name, content)."""

    async def come():
        for at in range(0, len(body), pieces):
            yield body[at : at + pieces]

    async def all_of_it():
        return [
            (part.filename, b"".join([piece async for piece in part.content]))
            async for part in read_form(come(), content_type)
        ]

    return asyncio.run(all_of_it())


def a_tone(seconds=0.1):
    out = BytesIO()
    with wave.open(out, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(8000)
        wav.writeframes(bytes(int(16000 * seconds)))
    return out.getvalue()


TONE = a_tone()

# --- forms ----------------------------------------------------------------------------------------

TWO = (("a.mp3", b"\r\n--not the mark\r\n----"), ("Ü \U0001f600.ogg", os.urandom(5000)))


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 64, 1000, 100_000])
def test_a_form_is_the_same_in_whatever_pieces_it_comes(pieces):
    assert read(form(*TWO), pieces) == list(TWO)


def test_quotation_marks_and_line_ends_in_a_name_are_as_browsers_write_them():
    assert read(form(("a%22b%0D%0A.mp3", b"")))[0][0] == 'a"b\r\n.mp3'


@pytest.mark.parametrize("end", [1, 30, 90, 150, -400, -4])
def test_a_form_that_is_cut_short_is_an_error_and_no_shorter_file(end):
    with pytest.raises(UsageError, match="ended before"):
        read(form(*TWO)[:end])


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (form(*TWO), "multipart/form-data", "no form"),
        (b"----x\r\nContent-Type: a\r\n\r\nx\r\n----x--", TYPE, "no form"),
        (b"----x\r\n" + b"a" * 20_000, TYPE, "no form"),
        (form(*[("a", b"")] * 201), TYPE, "too many"),
    ],
)
def test_what_is_no_form_with_files_is_refused(body, content_type, said):
    with pytest.raises(UsageError, match=said):
        read(body, content_type=content_type)


def test_content_that_nobody_reads_is_left_out():
    async def come():
        yield form(*TWO)

    async def names():
        return [part.filename async for part in read_form(come(), TYPE)]

    assert asyncio.run(names()) == ["a.mp3", "Ü \U0001f600.ogg"]


# --- what is music --------------------------------------------------------------------------------

MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)  # 128 kbit/s, 44,100 Hz: 417 bytes
AAC_FRAME = b"\xff\xf1\x50\x80\x0c\x9f\xfc" + bytes(93)  # 100 bytes


@pytest.mark.parametrize(
    ("begin", "ending"),
    [
        (TONE, ".wav"),
        (2 * MP3_FRAME, ".mp3"),
        (b"ID3\x04" + bytes(99), ".mp3"),
        (2 * AAC_FRAME, ".aac"),
        (b"fLaC" + bytes(99), ".flac"),
        (b"OggS" + bytes(24) + b"OpusHead", ".opus"),
        (b"OggS" + bytes(24) + b"\x01vorbis", ".ogg"),
        (b"FORM\0\0\0\x20AIFFCOMM", ".aiff"),
        (b"wvpk" + bytes(28), ".wv"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0mp42isom\0\0\0\0", ".m4a"),
        (b"\0\0\0\x1cftypmp42\0\0\0\0isomM4A mp42", ".m4a"),
    ],
)
def test_music_is_known_by_its_content(begin, ending):
    assert ending_of(begin) == ending


@pytest.mark.parametrize(
    "begin",
    [
        b"", b"#!/bin/sh\nrm -rf /", b"\x89PNG\r\n\x1a\n" + bytes(99),
        b"\xff\xd8\xff\xe0" + bytes(99), b"\x1aE\xdf\xa3" + bytes(99), b"\xff\xfb\x90\x00",
        b"RIFF\0\0\0\0AVI LIST", b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
        b"OggS" + bytes(24) + b"\x80theora", "\ufefftext".encode("utf-16-le"), MP3_FRAME,
        b"<!doctype html><script>", b"%PDF-1.7", b"PK\x03\x04" + bytes(99), b"\xff\xfb",
    ],
)  # fmt: skip
def test_everything_else_is_not_whatever_it_is_called(begin):
    assert ending_of(begin) is None


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("called", "stem"),
    [
        ("Sunny.mp3", "Sunny"), ("Sunny", "Sunny"), ("a.b.mp3", "a.b"), ("", "song"),
        (".mp3", "mp3"),
        ("../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot"), ("/etc/cron.d/x.mp3", "x"),
        ("..", "song"), ("...", "song"), ("a\nb\0c.mp3", "a_b_c"), ("what?*:.mp3", "what___"),
        ("  two   spaces .mp3", "two spaces"), ("U\u0308ber.mp3", "Über"), ("\udcff.mp3", "_"),
        ("a" * 400 + ".mp3", "a" * 180), ("ü" * 400 + ".mp3", "ü" * 90),
        ("./.hidden.mp3", "hidden"),
    ],
)  # fmt: skip
def test_a_name_becomes_one_that_every_file_system_takes(called, stem):
    assert safe_stem(called) == stem


# --- files ----------------------------------------------------------------------------------------


def put(folder, name, content=TONE):
    with IncomingFile(folder, name) as coming:
        coming.write(content)
        return coming.keep()


@pytest.fixture
def links_fail(monkeypatch):
    """As on a stick with exFAT."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


def test_a_file_gets_the_ending_of_what_it_is_and_everybody_may_read_it(tmp_path):
    before = os.umask(0o077)  # as in systemd/jukebox-web.service
    try:
        assert put(tmp_path, "Sunny.exe") == ("Sunny.wav", False)
    finally:
        os.umask(before)
    assert (tmp_path / "Sunny.wav").read_bytes() == TONE
    assert (tmp_path / "Sunny.wav").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("links", [True, False])
def test_nothing_is_ever_overwritten(tmp_path, links, request):
    if not links:
        request.getfixturevalue("links_fail")
    (tmp_path / "elsewhere").write_bytes(b"mine")
    (tmp_path / "a.wav").symlink_to("elsewhere")
    put(tmp_path, "b.wav", a_tone(0.2))
    assert put(tmp_path, "a.wav") == ("a 2.wav", False)
    assert put(tmp_path, "b.wav") == ("b 2.wav", False)
    assert put(tmp_path, "b.wav", a_tone(0.3)) == ("b 3.wav", False)
    assert (tmp_path / "elsewhere").read_bytes() == b"mine"
    assert len((tmp_path / "b.wav").read_bytes()) == len(a_tone(0.2))


def test_the_same_song_twice_is_there_once(tmp_path):
    put(tmp_path, "a.wav")
    assert put(tmp_path, "a.wav") == ("a.wav", True)
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


def test_until_it_is_complete_no_name_in_the_folder_is_one_of_music(tmp_path):
    with IncomingFile(tmp_path, "a.wav") as coming:
        coming.write(TONE)
        (part,) = tmp_path.iterdir()
        assert part.suffix == ".part"
        assert part.name.startswith(".")


@pytest.mark.parametrize("content", [b"#!/bin/sh", b"x" * 10_000])
def test_what_is_no_music_is_refused_and_nothing_stays(tmp_path, content):
    with pytest.raises(UsageError, match="no music that I know"):
        put(tmp_path, "a.mp3", content)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_is_refused_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "LARGEST_MB", 1)
    with IncomingFile(tmp_path, "a.wav") as coming:
        coming.write(a_tone(60.0))  # 960 kB
        with pytest.raises(UsageError, match="larger than 1 MB"):
            coming.write(bytes(50_000))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_on_the_way_keeps_its_reserve(tmp_path, monkeypatch):
    with IncomingFile(tmp_path, "a.wav") as coming:
        coming.write(TONE)
        monkeypatch.setattr(disk_space, "RESERVE_MB", 10**9)
        with pytest.raises(UsageError, match="nearly full"):
            coming.write(TONE)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_to_write_is_said(tmp_path):
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        put(tmp_path / "gone", "a.wav")


def test_only_old_parts_are_removed(tmp_path):
    for name, age_s in (("old", 4000), ("young", 60)):
        part = tmp_path / f".{name}.part"
        part.touch()
        os.utime(part, (part.stat().st_atime, part.stat().st_mtime - age_s))
    (tmp_path / "own.part").touch()
    remove_old_parts(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".young.part", "own.part"]


# --- room on the disk -----------------------------------------------------------------------------


def disk_of(monkeypatch, free_bytes):
    disk = SimpleNamespace(f_bavail=free_bytes // 4096, f_frsize=4096)
    monkeypatch.setattr(disk_space.os, "statvfs", lambda _folder: disk)


def test_a_thousand_megabytes_stay_free(tmp_path, monkeypatch):
    disk_of(monkeypatch, 1_500_000_000)
    assert free_mb(tmp_path) == 499
    disk_of(monkeypatch, 900_000_000)
    assert free_mb(tmp_path) == 0


def test_two_uploads_are_not_promised_the_same_room(tmp_path, monkeypatch):
    disk_of(monkeypatch, 1_500_000_000)
    space = PromisedSpace()
    with space.place(tmp_path, 300_000_000):
        with pytest.raises(UsageError, match="1000 MB must stay free"):
            space.place(tmp_path, 300_000_000).__enter__()
        with space.place(tmp_path, 100_000_000):
            pass
    with space.place(tmp_path, 300_000_000):
        pass


def test_more_than_four_uploads_wait_their_turn(tmp_path):
    space = PromisedSpace()
    with ExitStack() as going_on:
        for _ in range(4):
            going_on.enter_context(space.place(tmp_path, 1))
        with pytest.raises(UsageError, match="others put music in"):
            going_on.enter_context(space.place(tmp_path, 1))
    with space.place(tmp_path, 1):
        pass


# --- folders --------------------------------------------------------------------------------------


def test_the_folder_of_a_mood_is_made_where_there_is_none(tmp_path):
    folder = music_folder.music_folder(str(tmp_path), "happy")
    assert folder == tmp_path / "happy"
    assert folder.stat().st_mode & 0o055 == 0o055


@pytest.mark.parametrize("name", ["..", ".", "link", "file/../.."])
def test_no_folder_outside_the_players_music_is_written_to(tmp_path, name):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="not inside"):
        music_folder.music_folder(str(tmp_path / "music"), name)


@pytest.mark.parametrize("root", ["", "nfs://server/music", "/nowhere/music"])
def test_music_of_a_player_elsewhere_is_out_of_reach(root):
    with pytest.raises(UsageError, match="runs elsewhere"):
        music_folder.music_folder(root, "happy")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_puts_nothing_into_a_users_folder(tmp_path):
    (tmp_path / "happy").mkdir()
    os.chown(tmp_path / "happy", 1000, 1000)
    with pytest.raises(UsageError, match="belongs to somebody else"):
        music_folder.music_folder(str(tmp_path), "happy")


# --- who may --------------------------------------------------------------------------------------


def test_only_an_upload_may_be_long_and_only_from_a_paired_browser():
    web, path = InProcess(), "/player/list/happy/music"
    headers = {"content_length": "1000000", "content_type": TYPE}
    assert web.ask(path, "POST", **headers).status == 401
    cookie = web.pairs()
    assert web.ask(path, "POST", cookie=cookie, **headers).status == 404  # no jukebox: no moods
    assert web.ask("/player", "POST", cookie=cookie, **headers).status == 403
    headers["content_length"] = "3000000000"
    assert web.ask(path, "POST", cookie=cookie, **headers).status == 403
    assert not UPLOADS.fullmatch("/player/list/happy/music/../../..")


def test_who_may_only_look_uploads_nothing():
    web = InProcess(open="read")
    assert web.ask("/player/list/happy/music", "POST", content_type=TYPE).status == 401
