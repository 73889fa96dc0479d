"""Uploads to a page beside a real MPD and a real jukebox."""

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import wait_for, write_tone
from mpd import MPDClient
from test_web_upload import a_tone, form
from web_page import house_with_page

MUSIC = "/player/list/happy/music"


@pytest.fixture(scope="module")
def house(music, tmp_path_factory):
    with house_with_page(tmp_path_factory.mktemp("house"), music) as running:
        yield running


@pytest.fixture(scope="module")
def phone(house):
    return house.browser()


@pytest.fixture
def app(house):
    client = MPDClient()
    client.connect(str(house.mpd.socket))
    yield client
    client.disconnect()


def sent(phone, *files, path=MUSIC):
    answer = phone.send(path, form(*files))
    return answer.status, json.loads(answer.text)["text"]


def names(house, mood="happy"):
    return {file.name for file in (house.folder / "music" / mood).iterdir()}


def test_a_song_goes_into_the_folder_and_the_playlist_that_follows_it(house, phone, app):
    wait_for(lambda: "happy" in {entry["playlist"] for entry in app.listplaylists()}, 15.0)
    assert sent(phone, ("From my phone.wav", a_tone(2.0))) == (200, "1 song is in the folder now.")
    assert (house.folder / "music" / "happy" / "From my phone.wav").read_bytes() == a_tone(2.0)
    assert "happy/From my phone.wav" in app.listplaylist("happy")
    assert sent(phone, ("From my phone.wav", a_tone(2.0))) == (
        200, "From my phone.wav was there already.",
    )  # fmt: skip
    # It is still the jukebox's own: what is put into the folder later comes, too.
    write_tone(house.folder / "music" / "happy" / "by-ssh.wav", 440)
    app.update()
    wait_for(lambda: "happy/by-ssh.wav" in app.listplaylist("happy"), 15.0)


def test_a_playlist_that_a_person_has_edited_gets_the_song_too(phone, app):
    app.playlistadd("sad", "own/own-0.wav")
    assert sent(phone, ("blue.wav", a_tone(2.0)), path="/player/list/sad/music")[0] == 200
    assert "sad/blue.wav" in app.listplaylist("sad")


def test_a_mood_without_a_folder_gets_one(house, phone, app):
    assert sent(phone, ("calm.wav", a_tone(2.0)), path="/player/list/disgust/music")[0] == 200
    assert names(house, "disgust") == {"calm.wav"}
    assert app.lsinfo("disgust/calm.wav")


def test_good_files_stay_when_others_of_the_form_are_refused(house, phone):
    before = names(house)
    status, text = sent(
        phone, ("cover.jpg", b"\xff\xd8\xff\xe0" * 99), ("good.wav", a_tone(1.0)), ("x.mp3", b"")
    )
    assert status == 409
    assert text == (
        "1 song is in the folder now. cover.jpg: this is no music that I know."
        " x.mp3: this is no music that I know."
    )
    assert names(house) - before == {"good.wav"}


def test_what_only_begins_like_music_does_not_stay(house, phone):
    before = names(house)
    status, text = sent(phone, ("fake.flac", b"fLaC" + bytes(20_000)))
    assert (status, text) == (409, "fake.flac: the music player cannot play it.")
    assert names(house) == before


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("ending", [".mp3", ".ogg", ".opus", ".flac", ".m4a", ".aac", ".aiff"])
def test_what_real_encoders_write_is_taken_whatever_its_name(house, phone, tmp_path, ending):
    write_tone(tmp_path / "tone.wav", 440, 1.0)
    made = tmp_path / f"tone{ending}"
    tool = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "tone.wav")]
    if subprocess.run([*tool, str(made)], check=False).returncode:
        pytest.skip(f"this ffmpeg writes no {ending}")
    assert sent(phone, (f"from {ending[1:]}.doc", made.read_bytes()))[0] == 200
    assert f"from {ending[1:]}{ending}" in names(house)


def test_without_a_script_the_form_leads_back_and_says_what_became_of_it(phone):
    answer = phone.send(MUSIC, form(("plain.wav", a_tone(1.1))), accept="text/html")
    assert (answer.status, answer.headers["location"]) == (303, "/player/list/happy")
    phone.cookie, before = f"{phone.cookie}; {answer.cookie}", phone.cookie
    assert "1 song is in the folder now." in phone.ask("/player/list/happy").text
    phone.cookie = before
    answer = phone.send(MUSIC, b"----x--\r\n", accept="text/html")
    assert "No file was chosen." in answer.headers["set-cookie"].replace("%20", " ")


def half_sent(house, phone, content=b"RIFF\0\0\0\0WAVE" + bytes(3_000_000)):
    """A connection on which a phone has sent half of a song."""
    body = form(("half.wav", content))
    connection = socket.create_connection(("127.0.0.1", house.port))
    connection.sendall(
        f"POST {MUSIC} HTTP/1.1\r\nHost: 127.0.0.1:{house.port}\r\nCookie: {phone.cookie}\r\n"
        f"Origin: http://127.0.0.1:{house.port}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: multipart/form-data; boundary=--x\r\n\r\n".encode()
    )
    connection.sendall(body[: len(body) // 2])
    return connection


def parts(house):
    return list((house.folder / "music" / "happy").glob(".*.part"))


def test_of_an_upload_that_breaks_off_nothing_stays_and_mpd_never_sees_it(house, phone, app):
    before = names(house)
    with half_sent(house, phone):
        wait_for(lambda: [part for part in parts(house) if part.stat().st_size > 1_000_000])
        app.update()
        wait_for(lambda: "updating_db" not in app.status())
        assert not [song for song in app.listall("happy") if ".part" in song.get("file", "")]
        began = time.monotonic()
        assert phone.ask("/player").status == 200  # others do not wait for it
        assert time.monotonic() - began < 2.0
    wait_for(lambda: not parts(house))
    assert names(house) == before


@pytest.fixture
def small_disk(house):
    """A disk of 64 MB in the place of a mood's folder."""
    folder = house.folder / "music" / "fear"
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(folder)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_on_which_the_reserve_has_no_room_takes_nothing(phone, small_disk):
    status, text = sent(phone, ("a.wav", a_tone(9.0)), path="/player/list/fear/music")
    assert (status, text) == (
        409, "The upload: the disk is nearly full: 1000 MB must stay free.",
    )  # fmt: skip
    assert list(small_disk.iterdir()) == []
    assert "There is room for 0 MB." in phone.ask("/player/list/fear").text


def test_a_disk_that_is_full_half_way_is_said_and_nothing_stays(small_disk):
    """Where somebody else fills it: the page's own reserve lets it come to that nowhere."""
    code = (
        "import sys; from appliance.web import disk_space, incoming; from pathlib import Path\n"
        "disk_space.free_mb = incoming.free_mb = lambda _folder: 10**6\n"
        "with incoming.IncomingFile(Path(sys.argv[1]), 'a.wav') as coming:\n"
        "    coming.write(b'RIFF....WAVE')\n"
        "    for _ in range(100): coming.write(bytes(10**6))\n"
    )
    command = [sys.executable, "-c", code, str(small_disk)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "it cannot be written: No space left on device" in done.stderr
    assert list(small_disk.iterdir()) == []


def test_what_a_killed_page_left_goes_with_the_next_upload(house, phone):
    left = house.folder / "music" / "happy" / ".0123456789abcdef.part"
    left.write_bytes(b"half")
    subprocess.run(["touch", "--date", "2 hours ago", str(left)], check=True)
    sent(phone, ("another.wav", a_tone(1.2)))
    assert not left.exists()


def test_a_large_file_costs_little_memory(house, phone):
    def memory_kb():
        status = Path(f"/proc/{house.page.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    before = memory_kb()
    assert sent(phone, ("long.wav", a_tone(2500.0)))[0] == 200  # 40 MB
    assert memory_kb() < before + 8_000
    assert "long.wav" in names(house)


def test_the_form_says_how_much_may_come(phone):
    shown = phone.ask("/player/list/happy").text
    assert "up to 500 MB each" in shown
    assert 'enctype="multipart/form-data"' in shown
