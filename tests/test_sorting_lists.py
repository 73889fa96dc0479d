"""How the playlists of `jukebox sort` name tracks: as MPD takes them."""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from playing import OwnMpd, carried_out

from appliance import cli
from appliance.commands import sort
from appliance.player.client import Client
from appliance.player.mpd_player import MpdPlayer
from appliance.player.sources import read_songs
from appliance.records import Decision, Emotion
from appliance.sorting import lists

collection = pytest.importorskip("appliance.sorting.collection")

NAMES = {"happy-0.wav", "#1 hit.wav", "Grüße.wav"}


@dataclass
class Nothing:
    """No cues: nobody listens in these tests."""


@pytest.fixture
def all_happy(monkeypatch, tmp_path):
    """Sorting without listening: every track is happy."""

    def heard(files, _cache):
        for path in files:
            yield collection.Track(path, Nothing(), Nothing(), Emotion.HAPPY, Emotion.SAD)

    monkeypatch.setattr(collection, "sort", heard)
    monkeypatch.setattr(sort, "check_ffmpeg", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def mpd(tmp_path, music):
    """An MPD with songs of such names, which anybody may control over TCP, but not read files."""
    shutil.copytree(music / "happy", tmp_path / "music" / "happy")
    for number, name in enumerate(sorted(NAMES - {"happy-0.wav"}), 1):
        (tmp_path / "music" / "happy" / f"happy-{number}.wav").rename(
            tmp_path / "music" / "happy" / name
        )
    with OwnMpd(tmp_path / "mpd", tmp_path / "music", "null") as running:
        yield running


def sorted_lists(mpd, tmp_path, folder, out, capsys):
    """The sources that the verb names for jukebox.toml, and the entries of the list for happy."""
    config = tmp_path / "jukebox.toml"
    config.write_text(f'[mpd]\naddress = "{mpd.socket}"\n')
    assert cli.main(["sort", str(folder), "--out", str(out), "--config", str(config)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("happy = ")]
    entries = lists.path_of(out, Emotion.HAPPY).read_text().splitlines()[1:]
    return line.removeprefix("happy = ").strip('"'), entries


def names_over(address, source, *, local):
    """The files that MPD finds in a list."""
    client = Client()
    client.connect(*address)
    songs = read_songs(client, "happy", source, local=local)
    client.disconnect()
    assert all(song.there for song in songs)
    return {Path(song.uri).name for song in songs}


@pytest.mark.usefixtures("all_happy")
@pytest.mark.parametrize(("out", "entry"), [
    ("moods", "../happy/happy-0.wav"),
    ("moods/deep/er", "../../../happy/happy-0.wav"),
    (".", "happy/happy-0.wav"),
    ("happy", "happy-0.wav"),
])  # fmt: skip
def test_in_mpds_music_the_lists_are_good_over_the_socket_and_the_network(
    mpd, tmp_path, capsys, out, entry
):
    source, entries = sorted_lists(mpd, tmp_path, mpd.music / "happy", mpd.music / out, capsys)
    assert entry in entries
    assert source == str(Path(out) / "happy.m3u")
    assert names_over((str(mpd.socket),), source, local=True) == NAMES
    assert names_over(("127.0.0.1", mpd.port), source, local=False) == NAMES
    player = MpdPlayer(**mpd.tcp, playlists={Emotion.HAPPY: (source,)}, random=random.Random(1))
    for time_s in range(3):
        assert carried_out(player, Decision(Emotion.HAPPY, "switch", ""), float(time_s))
    player.close()


@pytest.mark.usefixtures("all_happy")
@pytest.mark.parametrize("folder", ["music/happy", "outside"])
def test_outside_of_mpds_music_paths_are_whole(mpd, tmp_path, capsys, folder):
    shutil.copytree(mpd.music / "happy", tmp_path / "outside")
    source, entries = sorted_lists(mpd, tmp_path, tmp_path / folder, tmp_path / "lists", capsys)
    assert source == str(tmp_path / "lists" / "happy.m3u")
    assert str(tmp_path / folder / "happy-0.wav") in entries
    assert names_over((str(mpd.socket),), source, local=True) == NAMES


@pytest.mark.usefixtures("all_happy")
def test_music_outside_is_named_whole_in_a_list_inside(mpd, tmp_path, capsys):
    shutil.copytree(mpd.music / "happy", tmp_path / "outside")
    source, entries = sorted_lists(mpd, tmp_path, tmp_path / "outside", mpd.music, capsys)
    assert source == "happy.m3u"
    assert str(tmp_path / "outside" / "happy-0.wav") in entries
    assert names_over((str(mpd.socket),), source, local=True) == NAMES


@pytest.mark.usefixtures("all_happy")
def test_a_link_in_mpds_music_to_a_folder_elsewhere_counts_as_its_music(mpd, tmp_path, capsys):
    (mpd.music / "happy").rename(tmp_path / "disk")
    (mpd.music / "nas").symlink_to(tmp_path / "disk")
    mpd._read_music()
    source, entries = sorted_lists(mpd, tmp_path, mpd.music / "nas", mpd.music / "moods", capsys)
    assert "../nas/happy-0.wav" in entries
    assert names_over(("127.0.0.1", mpd.port), source, local=False) == NAMES


# python-mpd2 3.1.1 leaves a refused socket to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.usefixtures("all_happy")
def test_without_an_mpd_paths_are_whole(mpd, tmp_path, capsys):
    mpd.stop()
    source, entries = sorted_lists(mpd, tmp_path, mpd.music / "happy", mpd.music, capsys)
    assert source == str(mpd.music / "happy.m3u")
    assert str(mpd.music / "happy" / "happy-0.wav") in entries


@pytest.mark.parametrize("more", [{}, {"playlist_directory": "/p", "pcre": "1"}])
def test_the_music_folder_is_read_from_either_answer(shared_mpd, monkeypatch, more):
    """MPD 0.24 tells more than 0.23, and python-mpd2's config() then gives None."""
    client = Client()
    client.connect(str(shared_mpd.socket))
    assert client.music_directory() == str(shared_mpd.music)
    answer = {"music_directory": "/m", **more}
    lines = [f"{key}: {value}" for key, value in answer.items()]
    monkeypatch.setattr(client, "_write_command", lambda _command: None)
    monkeypatch.setattr(client, "_read_lines", lambda: iter(lines))
    assert client.music_directory() == "/m"
    monkeypatch.undo()
    client.disconnect()
