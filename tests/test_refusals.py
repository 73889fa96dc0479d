"""Whatever MPD refuses: the connection lives, that one thing is left out, the log says so once."""

from contextlib import suppress

import pytest
from conftest import wait_for, write_tone
from mpd import CommandError, MPDClient
from playing import HAPPY, SAD, DrivenPlayer, OwnMpd

from appliance.commands import check
from appliance.decide.policy import MusicPolicy
from appliance.errors import PlayerError
from appliance.player.client import Client
from appliance.player.sources import read_songs
from appliance.records import Mood, Playback
from appliance.settings import MpdSettings, PlaylistSettings, Settings


def mpd_with(tmp_path, music, more):
    mpd = OwnMpd(tmp_path / "mpd", music, "null")
    mpd.more = more
    return mpd


def warnings(caplog):
    return [record.message for record in caplog.records if record.levelname == "WARNING"]


# A full queue


def test_a_full_queue_loses_the_jukeboxs_own_played_songs_and_no_others(tmp_path, music, caplog):
    with mpd_with(tmp_path, music, 'max_playlist_length "4"\n') as mpd:
        jukebox = DrivenPlayer(mpd, crossfade_s=0)
        jukebox.app.add("own/own-0.wav")
        for _ in range(12):
            assert jukebox.put_on(HAPPY)
            assert jukebox.plays(HAPPY)
            assert jukebox.put_on(SAD, "append")
            assert not jukebox.playback().listener
        assert "own" in jukebox.queue()
        assert warnings(caplog) == []
        jukebox.close()


def test_a_queue_of_one_song_plays_one_after_the_other(tmp_path, music):
    with mpd_with(tmp_path, music, 'max_playlist_length "1"\n') as mpd:
        jukebox = DrivenPlayer(mpd, crossfade_s=0)
        for _ in range(4):
            assert jukebox.put_on(HAPPY)
            jukebox.playback()
            assert jukebox.put_on(HAPPY, "append") is None
            with suppress(CommandError):  # on a busy machine it may have ended by itself
                jukebox.to_the_end()
            wait_for(lambda: jukebox.playback().state == "stop")
        jukebox.close()


def test_a_queue_that_people_filled_is_said_once_and_plays_on(tmp_path, music, caplog):
    with mpd_with(tmp_path, music, 'max_playlist_length "3"\n') as mpd:
        jukebox = DrivenPlayer(mpd)
        jukebox.playback()
        for _ in range(3):
            jukebox.app.add("own/own-0.wav")
        jukebox.app.play()
        connection = jukebox.player._connection._client
        for _ in range(5):
            assert jukebox.playback().state == "play"
            assert jukebox.put_on(HAPPY) is None
        assert jukebox.queue() == ["own"] * 3
        assert jukebox.player._connection._client is connection
        (line,) = warnings(caplog)
        assert "queue is full" in line
        assert "max_playlist_length" in line
        jukebox.app.delete(2)
        jukebox.playback()
        assert jukebox.put_on(HAPPY)
        jukebox.close()


# A song that MPD may not open


def test_a_song_that_mpd_denies_is_left_out_and_the_next_one_plays(tmp_path, music, caplog):
    outside = tmp_path / "outside.wav"
    write_tone(outside, 330)
    with mpd_with(tmp_path, music, "") as mpd:
        (mpd.folder / "playlists" / "evening.m3u").write_text(f"{outside}\nhappy/happy-0.wav\n")
        jukebox = DrivenPlayer(mpd, sources={HAPPY: ("evening",)}, **mpd.tcp)
        jukebox.playback()
        connection = jukebox.player._connection._client
        for _ in range(4):
            assert jukebox.put_on(HAPPY).title == "happy-0"
            assert jukebox.plays(HAPPY)
        assert jukebox.player._connection._client is connection
        (line,) = warnings(caplog)
        assert str(outside) in line
        jukebox.close()


def test_a_list_of_songs_that_mpd_denies_is_one_sentence(tmp_path, music, caplog):
    outside = tmp_path / "outside.wav"
    write_tone(outside, 330)
    with mpd_with(tmp_path, music, "") as mpd:
        (mpd.folder / "playlists" / "evening.m3u").write_text(f"{outside}\n" * 9)
        jukebox = DrivenPlayer(mpd, sources={HAPPY: ("evening",), SAD: ("sad",)}, **mpd.tcp)
        for _ in range(3):
            assert jukebox.put_on(HAPPY) is None
            jukebox.playback(after_s=20)
        assert jukebox.put_on(SAD)
        (line,) = warnings(caplog)
        assert "none of the 9 songs" in line
        assert "over the network it opens only its own music" in line
        jukebox.close()


def test_a_denied_song_that_mpd_does_not_tell_of_beforehand_is_left_out(own_mpd, caplog):
    """A link of a kind that this MPD does not play: the listing cannot tell."""
    (own_mpd.folder / "playlists" / "evening.m3u").write_text(
        "nonsense://nowhere/a\nhappy/happy-0.wav\n"
    )
    jukebox = DrivenPlayer(own_mpd, sources={HAPPY: ("evening",)})
    for _ in range(5):
        assert jukebox.put_on(HAPPY).title == "happy-0"
        jukebox.playback(after_s=301)
    (line,) = warnings(caplog)
    assert line.startswith("nonsense://nowhere/a cannot be played: ")
    jukebox.close()


# Every other code


ACKS = [1, 2, 3, 4, 5, 50, 51, 52, 53, 54, 55, 56, 99]
COMMANDS = ["addid", "playid", "playlistid", "deleteid", "setvol", "pause", "listplaylists"]


@pytest.mark.parametrize("number", ACKS)
def test_no_code_of_a_refusal_loses_the_connection(shared_mpd, app, monkeypatch, caplog, number):
    """Each command in turn is answered by this code."""
    jukebox = DrivenPlayer(shared_mpd)
    jukebox.put_on(SAD)
    jukebox.playback()
    connection = jukebox.player._connection._client
    for command in COMMANDS:
        if (command, number) == ("playlistid", 50):
            continue  # this answer alone means something: a person has removed the song
        with monkeypatch.context() as patch:
            refuse(patch, command, number)
            jukebox.put_on(HAPPY)
            jukebox.put_on(HAPPY, "fade")
            jukebox.adjust("volume", 50)
            jukebox.adjust("pause")
            for _ in range(4):
                seen = jukebox.playback()
                assert seen.listener_action is None, command
            jukebox.adjust("resume")
        assert jukebox.player._connection._client is connection
        jukebox.playback(after_s=301)  # what was left out is tried again
    assert jukebox.put_on(HAPPY)
    assert wait_for(lambda: jukebox.plays(HAPPY))
    assert len(caplog.messages) == len(set(caplog.messages))
    assert app.ping() is None
    jukebox.close()


def refuse(patch, command, number):
    """Let the server answer with this code; what the command asks for is not done."""

    def refused(self, *_):
        self._write_command("ping")
        list(self._read_lines())
        try:
            raise CommandError(f"[{number}@0] {{{command}}} refused")
        except ValueError:  # python-mpd2 does not know this number; Client answers so
            raise CommandError(f"[5@0] {{{command}}} refused") from None

    patch.setattr(Client, command, refused)


def test_a_volume_that_mpd_refuses_to_set_is_nobodys_doing(shared_mpd, app, monkeypatch, caplog):
    jukebox = DrivenPlayer(shared_mpd, crossfade_s=2.0, start_percent=30)
    refuse(monkeypatch, "setvol", 52)
    assert jukebox.put_on(HAPPY)
    assert jukebox.playback().listener_action is None
    assert not jukebox.adjust("volume", 20, 100)
    seen = jukebox.playback()
    assert (seen.listener_action, seen.volume_percent, seen.volume_before) == (None, None, None)
    assert app.status()["volume"] == "100"
    (line,) = warnings(caplog)
    assert "refuses to set the volume" in line
    monkeypatch.undo()
    jukebox.playback(after_s=61)
    assert jukebox.adjust("volume", 20, 100)
    assert jukebox.playback().volume_percent == 20
    jukebox.close()


# Permissions


def limited(tmp_path, music, permissions):
    """An MPD that lets those who come over TCP do only this."""
    return mpd_with(
        tmp_path,
        music,
        f'default_permissions "{permissions}"\n'
        'local_permissions "read,add,player,control,admin"\n'
        'password "secret@read,add,player,control,admin"\n',
    )


@pytest.mark.parametrize(
    ("permissions", "missing"),
    [
        ("read", "add and player"),
        ("read,add", "player"),
        ("read,player", "add"),
    ],
)
def test_a_jukebox_that_may_not_play_does_nothing_by_halves(
    tmp_path, music, permissions, missing, caplog
):
    with limited(tmp_path, music, permissions) as mpd:
        jukebox = DrivenPlayer(
            mpd, **mpd.tcp, start_percent=30, chime="happy", state=tmp_path / "player.json"
        )
        for _ in range(5):
            seen = jukebox.playback()
            assert f"the permission {missing}, so it plays nothing" in seen.refusal
            assert (seen.state, seen.listener_action, seen.volume_percent) == ("stop", None, None)
            assert jukebox.put_on(HAPPY) is None
            assert not jukebox.adjust("volume", 20)
        app = mpd.app()
        assert app.status()["playlistlength"] == "0"
        assert app.listplaylists() == []
        app.add("own/own-0.wav")
        app.play()
        assert jukebox.playback().listener_action == "play"
        assert not jukebox.adjust("pause")
        assert app.status()["state"] == "play"
        app.sendmessage("jukebox", "camera off")
        wait_for(lambda: jukebox.playback() and jukebox.player.messages() == ["camera off"])
        jukebox.player.answer("the camera is off")  # which it may not send
        assert jukebox.playback().state == "play"
        assert warnings(caplog) == [seen.refusal]
        app.disconnect()
        jukebox.close()


def test_a_policy_that_may_not_play_decides_nothing():
    policy = MusicPolicy(Settings())
    mood = Mood("settled", HAPPY, 0.99, 1, 0.0)
    stopped = Playback("stop", "", None, None, 0)
    refused = Playback("stop", "", None, None, 0, refusal="it may not")
    assert policy.decide(1.0, 1.0, mood, refused) is None
    assert policy.decide(2.0, 2.0, mood, stopped) is not None


def test_a_jukebox_that_may_play_but_not_answer_plays_and_says_so(tmp_path, music, caplog):
    with limited(tmp_path, music, "read,add,player") as mpd:
        jukebox = DrivenPlayer(mpd, **mpd.tcp, state=tmp_path / "player.json")
        assert jukebox.put_on(HAPPY)
        jukebox.player.answer("music for happy")
        assert jukebox.plays(HAPPY)
        assert jukebox.playback().refusal == ""
        (line,) = warnings(caplog)
        assert "the permission control, so it answers no messages" in line
        jukebox.close()


@pytest.mark.parametrize(
    ("permissions", "good", "said"),
    [
        ("", False, "the permission read, so it cannot even see what plays; name a password"),
        ("read", False, "the permission add and player, so it plays nothing; name a password"),
        ("read,add", False, "the permission player, so it plays nothing"),
        ("read,add,player", False, "the permission control, so it answers no messages"),
        ("read,add,control", True, "without stickers"),
        ("read,add,player,control,admin", True, "MPD, protocol"),
    ],
)
def test_check_tells_what_mpd_does_not_allow(tmp_path, music, permissions, good, said):
    with limited(tmp_path, music, permissions) as mpd:
        result = check._checked("MPD", lambda: check._mpd(Settings(mpd=MpdSettings(**mpd.tcp))))
        assert result.good is good
        assert said in result.text
        secret = MpdSettings(**mpd.tcp, password="secret")
        assert check._checked("MPD", lambda: check._mpd(Settings(mpd=secret))).good


def test_a_permission_that_is_given_later_counts_at_the_next_greeting(tmp_path, music):
    with limited(tmp_path, music, "read") as mpd:
        jukebox = DrivenPlayer(mpd, **mpd.tcp)
        assert jukebox.playback().refusal
        mpd.stop()
        mpd.more = ""
        mpd.start()
        with pytest.raises(PlayerError):
            jukebox.playback(after_s=21)
        assert jukebox.playback().refusal == ""
        assert jukebox.put_on(HAPPY)
        jukebox.open_app()
        jukebox.close()


# Playlists as Windows writes them


SONGS = ["Grüße.wav", "plain.wav"]


@pytest.fixture
def shelf(tmp_path):
    """Songs outside MPD's music."""
    for name in SONGS:
        write_tone(tmp_path / "shelf" / name, 330)
    return tmp_path / "shelf"


def text(lines, encoding):
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("where", ["outside", "outside, whole paths", "stored", "in the music"])
def test_a_playlist_is_read_whole_in_whichever_encoding(own_mpd, shelf, encoding, where, caplog):
    write_tone(own_mpd.music / "happy" / "Grüße.wav", 440)
    app = MPDClient()
    app.connect(str(own_mpd.socket))
    app.update()
    wait_for(lambda: "updating_db" not in app.status())
    inside = ["happy/Grüße.wav", "happy/happy-0.wav"]
    lines, file, source = {
        "outside": (SONGS, shelf / "a.m3u", str(shelf / "a.m3u")),
        "outside, whole paths": (
            [f"{shelf}/{name}" for name in SONGS], shelf / "a.m3u", str(shelf / "a.m3u")
        ),
        "stored": (inside, own_mpd.folder / "playlists" / "a.m3u", "a"),
        "in the music": (inside, own_mpd.music / "a.m3u", "a.m3u"),
    }[where]  # fmt: skip
    file.write_bytes(text(lines, encoding))
    jukebox = DrivenPlayer(own_mpd, sources={HAPPY: (source,)})
    songs = jukebox.player.songs(HAPPY)
    assert [(song.uri.rpartition("/")[2], song.there) for song in songs] == [
        ("Grüße.wav", True), (lines[1].rpartition("/")[2], True)
    ]  # fmt: skip
    titles = set()
    for _ in range(2):
        titles.add(jukebox.put_on(HAPPY).title)
        assert jukebox.plays(HAPPY)
    assert "Grüße" in titles
    assert warnings(caplog) == []
    app.disconnect()
    jukebox.close()


def test_a_mark_before_a_comment_or_a_link_costs_no_song(shared_mpd, shelf):
    client = Client()
    client.connect(str(shared_mpd.socket))
    for lines, uris in (
        (["#EXTM3U", "#EXTINF:4,A – B", "plain.wav"], [f"{shelf}/plain.wav"]),
        (
            ["http://radio.example/live", "plain.wav"],
            ["http://radio.example/live", f"{shelf}/plain.wav"],
        ),
    ):
        (shelf / "b.m3u").write_bytes(text(lines, "utf-8-sig"))
        assert [
            song.uri for song in read_songs(client, HAPPY, str(shelf / "b.m3u"), local=True)
        ] == uris
    client.disconnect()


def test_a_playlist_in_utf_16_is_one_sentence(shared_mpd, app, shelf, caplog):
    (shelf / "a.m3u").write_bytes(text(SONGS, "utf-16"))
    jukebox = DrivenPlayer(shared_mpd, sources={HAPPY: (str(shelf / "a.m3u"),), SAD: ("sad",)})
    assert jukebox.put_on(HAPPY) is None
    assert jukebox.put_on(SAD)
    (line,) = warnings(caplog)
    assert "one a line, in UTF-8" in line
    jukebox.close()


def test_a_song_whose_name_is_not_utf_8_may_be_played_by_a_person(own_mpd, caplog):
    (own_mpd.music / "Gr\udcfcn").mkdir()
    write_tone(own_mpd.music / "Gr\udcfcn" / "s\udcfc\udcdf.wav", 330)
    person = Client()
    person.connect(str(own_mpd.socket))
    person.update()
    wait_for(lambda: "updating_db" not in person.status())
    jukebox = DrivenPlayer(
        own_mpd, sources={HAPPY: ("Gr\udcfcn",)}, state=own_mpd.folder / "a.json"
    )
    assert jukebox.playback().state == "stop"
    person.add("Gr\udcfcn")
    person.play()
    jukebox.app.did = True
    seen = jukebox.playback()
    assert (seen.state, seen.title, seen.listener) == ("play", "süß", True)
    assert jukebox.put_on(HAPPY).title == "süß"
    assert jukebox.playback().emotion == HAPPY
    assert warnings(caplog) == []
    person.disconnect()
    jukebox.close()


def test_check_counts_the_songs_whose_file_is_there(own_mpd, shelf, caplog):
    lists = own_mpd.folder / "playlists"
    (lists / "some.m3u").write_text("happy/happy-0.wav\nhappy/gone.wav\nhttp://radio.example/a\n")
    (lists / "none.m3u").write_text("happy/gone.wav\nhappy/lost.wav\n")
    (lists / "latin.m3u").write_bytes("Grüße.wav\nhappy/happy-0.wav\n".encode("latin-1"))
    (lists / "lost.m3u").write_bytes("Grüße.wav\n".encode("latin-1"))
    settings = Settings(
        mpd=MpdSettings(address=str(own_mpd.socket)),
        playlists=PlaylistSettings(
            happy=("some",), sad=("none",), fear=("latin",), angry=("lost",)
        ),
    )
    results = {result.what: result for result in check._playlists(settings)}
    said = {name: (results[f"playlist {name}"].good, results[f"playlist {name}"].text)
            for name in ("happy", "sad", "fear", "angry")}  # fmt: skip
    assert said["happy"] == (True, "2 songs; MPD does not have 1, such as happy/gone.wav")
    assert said["fear"] == (True, "1 song; MPD does not have 1, such as Grüße.wav")
    assert not said["sad"][0]
    assert "none of the 2 songs in none, of which the first is happy/gone.wav" in said["sad"][1]
    assert said["angry"] == (False, "of 1 song MPD has none, such as Grüße.wav")
