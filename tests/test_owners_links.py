"""Which links the resolver looks up for the jukebox: those that its owner has written."""

import pytest

from appliance import cli
from appliance.commands.link_sources import link_sources
from appliance.resolver.owners_links import OwnersLinks, links_in
from appliance.settings import PlaylistSettings

RADIO = "http://radio.example/live"
STOLEN = "http://evil.example/?picture=" + "x" * 500


@pytest.fixture
def stored(tmp_path):
    """MPD's folder of stored playlists."""
    folder = tmp_path / "playlists"
    folder.mkdir()
    return folder


@pytest.fixture
def owners(tmp_path, stored):
    sources = tmp_path / "sources"
    sources.write_text(f"{RADIO}\n{tmp_path / 'mine.pls'}\n{stored}\n/no/such/file.m3u\n\n")
    return OwnersLinks(sources, now=lambda: owners_clock[0])


owners_clock = [0.0]


def test_a_link_of_the_settings_is_the_owners_and_any_other_is_not(owners):
    assert owners.has(RADIO)
    assert not owners.has(STOLEN)
    assert not owners.has(RADIO + "?picture")


def test_a_link_that_somebody_puts_into_a_playlist_counts_within_a_second(owners, stored):
    video = "https://video.example/watch?v=lark&t=3"
    assert not owners.has(video)
    (stored / "happy.m3u").write_text(f"#EXTM3U\n#EXTINF:-1,Lark\n{video}\nhappy/song.ogg\n")
    owners_clock[0] += 1.0
    assert owners.has(video)


def test_who_asks_for_thousands_does_not_read_the_playlists_each_time(owners, stored, monkeypatch):
    reads = []
    read = OwnersLinks._read
    monkeypatch.setattr(OwnersLinks, "_read", lambda self: reads.append(1) or read(self))
    assert not any(owners.has(f"{STOLEN}{number}") for number in range(3000))
    assert len(reads) == 1


def test_playlists_that_cannot_be_read_have_no_links(owners, stored, tmp_path):
    (stored / "broken.m3u").write_bytes(b"\xff\xfe\x00" * 1000)
    (stored / "folder.m3u").mkdir()
    (tmp_path / "mine.pls").symlink_to(tmp_path / "mine.pls")
    owners_clock[0] += 1.0
    assert not owners.has(STOLEN)
    assert owners.has(RADIO)


@pytest.mark.parametrize(
    "playlist",
    [
        "http://a.example/s\n",
        "\ufeffhttp://a.example/s\r\n",
        "[playlist]\nFile1=http://a.example/s\n",
        '<asx><ref href="http://a.example/s"/></asx>',
        "<location>http://a.example/s</location>",
    ],
)
def test_links_are_found_in_playlists_of_every_kind(playlist):
    assert "http://a.example/s" in set(links_in(playlist))


def test_an_ampersand_in_xml_is_one(tmp_path):
    assert "http://a.example/?a=1&b=2" in set(links_in('"http://a.example/?a=1&amp;b=2"'))


def test_the_settings_name_links_and_playlist_files_and_nothing_else(tmp_path):
    playlists = PlaylistSettings(
        happy=("happy", RADIO, "/srv/music/links.m3u", "file:///srv/more.PLS", "/srv/folder"),
        sad=("radios/mine.m3u",),
    )
    assert set(link_sources(playlists, tmp_path)) == {
        RADIO, "/srv/music/links.m3u", "/srv/more.PLS", str(tmp_path / "radios/mine.m3u")
    }  # fmt: skip


def test_the_verb_prints_them_with_the_folder_of_stored_playlists(tmp_path, capsys):
    config = tmp_path / "jukebox.toml"
    config.write_text(f'[playlists]\nhappy = "{RADIO}"\n')
    assert cli.main(["link-sources", "--config", str(config), "--stored", "/x"]) == 0
    assert capsys.readouterr().out.split() == [RADIO, "/x"]
