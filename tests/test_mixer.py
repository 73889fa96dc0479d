"""Whose volume MPD sets, and how loud its own mixer's percent are heard."""

import random
import re
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import wait_for, write_tone
from mpd import MPDClient
from playing import carried_out

from appliance.decide.quiet_hours import in_percent
from appliance.levels import heard_at, percent_for
from appliance.player.mixer import outputs_with_volume, with_known_mixer
from appliance.player.mpd_player import MpdPlayer
from appliance.private_mpd.process import PrivateMpd
from appliance.records import Decision, Emotion
from appliance.settings import MpdSettings, Settings, VolumeSettings

INSTALL = Path(__file__).resolve().parents[1] / "install"
OWN = INSTALL / "mpd-own.conf"
HAPPY, SAD = Emotion.HAPPY, Emotion.SAD
AT_HOME = {"MPD_HOST": "/run/mpd/socket"}


def mixer_of(conf, settings=None, environ=AT_HOME):
    return with_known_mixer(settings or Settings(), environ, conf).volume.mixer


def test_the_jukeboxs_own_mpd_sets_its_own_volume():
    assert mixer_of(OWN) == "software"


@pytest.mark.parametrize(
    ("output", "mixer"),
    [
        ('type "alsa"', "hardware"),
        ('type "alsa"\n#  mixer_type "software"', "hardware"),
        ('type "alsa"\n  mixer_type "hardware"', "hardware"),
        ('type "httpd"\n  mixer_type "software"', "software"),
        ('type "fifo"\n  mixer_type "none"', "hardware"),
    ],
)
def test_an_owners_output_is_read_as_it_stands(tmp_path, output, mixer):
    conf = tmp_path / "mpd-own.conf"
    conf.write_text(f"# audio_output {{\naudio_output {{\n  {output}\n}}\n")
    assert mixer_of(conf) == mixer


def test_two_outputs_must_agree_and_one_that_is_off_does_not_count(tmp_path):
    conf = tmp_path / "mpd-own.conf"
    card = 'audio_output {\n  type "alsa"\n%s}\n'
    conf.write_text(OWN.read_text() + card % "")
    assert mixer_of(conf) == "hardware"
    conf.write_text(OWN.read_text() + card % '  enabled "no"\n')
    assert mixer_of(conf) == "software"


@pytest.mark.parametrize(
    ("settings", "environ", "mixer"),
    [
        (Settings(mpd=MpdSettings(address="nas")), AT_HOME, "hardware"),
        (Settings(), {}, "hardware"),
        (Settings(mpd=MpdSettings(address="/run/mpd/socket")), {}, "software"),
        (Settings(volume=VolumeSettings(mixer="hardware")), AT_HOME, "hardware"),
        (Settings(mpd=MpdSettings(address="nas"), volume=VolumeSettings(mixer="software")), {},
         "software"),
    ],
)  # fmt: skip
def test_only_the_jukeboxs_own_mpd_is_known_and_the_owner_has_the_last_word(
    settings, environ, mixer
):
    assert mixer_of(OWN, settings, environ) == mixer


def test_without_a_file_percent_are_taken_as_they_are(tmp_path):
    assert mixer_of(tmp_path / "none") == "hardware"


def test_the_outputs_with_a_volume_are_known_of_the_own_mpd_only(tmp_path):
    (tmp_path / "own").write_text(OWN.read_text())
    assert outputs_with_volume(Settings(), AT_HOME, tmp_path / "own") == {"loudspeaker"}
    assert outputs_with_volume(Settings(), {}, OWN) is None
    assert outputs_with_volume(Settings(), AT_HOME, tmp_path / "none") is None
    web = 'audio_output {\n  type "httpd"\n  name "web"\n%s}\n'
    (tmp_path / "own").write_text(OWN.read_text() + web % "")
    assert outputs_with_volume(Settings(), AT_HOME, tmp_path / "own") == {"loudspeaker"}
    (tmp_path / "own").write_text(web % '  mixer_type "software"\n')
    assert outputs_with_volume(Settings(), AT_HOME, tmp_path / "own") == {"web"}


def test_the_leader_of_several_rooms_turns_mpds_own_mixer_whatever_its_loudspeaker_has(tmp_path):
    own = tmp_path / "mpd-own.conf"
    own.write_text(OWN.read_text().replace('mixer_type "software"', 'mixer_type "hardware"'))
    assert mixer_of(own) == "hardware"
    (tmp_path / "mpd-rooms.conf").write_text((INSTALL / "mpd-rooms.conf").read_text())
    assert mixer_of(own) == "software"
    assert outputs_with_volume(Settings(), AT_HOME, own) == {"loudspeaker", "rooms"}


class TwoOutputs(PrivateMpd):
    """One without a volume, which is on, and one with MPD's own mixer, which is off."""

    def _config(self):
        config = super()._config()
        deaf = config[config.index("audio_output {") :]
        deaf = deaf.replace('"software"', '"none"').replace("name ", 'enabled "yes"\n    name ')
        loud = config.replace("audio_output {", 'audio_output {\n    enabled "no"')
        return loud + re.sub(r'name "[^"]*"', 'name "deaf"', deaf)


@pytest.mark.server
def test_a_volume_lent_by_an_output_that_is_off_is_none_and_this_is_said_once(
    tmp_path, music, caplog
):
    with TwoOutputs(tmp_path / "mpd", music, "null") as mpd:
        client = MPDClient()
        client.connect(str(mpd.socket))
        (loud,) = [out["outputname"] for out in client.outputs() if out["outputname"] != "deaf"]
        assert client.status()["volume"] == "100"  # lent
        with closing(
            MpdPlayer(
                address=str(mpd.socket),
                playlists={HAPPY: ("happy",), SAD: ("sad",)},
                crossfade_s=2.0,
                random=random.Random(1),
                outputs_with_volume=frozenset([loud]),
            )
        ) as player:
            assert player.playback(0.0).volume_percent is None
            for time_s, mood in ((1.0, HAPPY), (2.0, SAD), (3.0, HAPPY)):
                assert carried_out(player, Decision(mood, "fade", ""), time_s)
                assert mood in player.playback(time_s + 0.5).title  # at once, without a fade
            assert client.status()["volume"] == "100"  # nobody hears it, so it stays
            client.enableoutput(0)
            wait_for(lambda: player.playback(40.0).volume_percent == 100, 5.0)
        client.disconnect()
    told = [r.getMessage() for r in caplog.records if "no volume control" in r.getMessage()]
    assert len(told) == 1


def test_the_curve_goes_through_all_percent_and_back():
    assert [percent_for(heard_at(percent)) for percent in range(101)] == list(range(101))


def test_quiet_hours_are_as_loud_as_they_say():
    quiet = VolumeSettings(quiet_max=30)
    assert [in_percent(replace(quiet, mixer=mixer)) for mixer in ("hardware", "software")] == [
        30,
        53,
    ]
    assert in_percent(replace(quiet, mixer="software", max=40)) == 40
    for edge in (0, 100):
        assert in_percent(VolumeSettings(quiet_max=edge, mixer="software")) == edge


@pytest.mark.server
def test_mpds_mixer_is_heard_as_the_curve_says(tmp_path):
    """By what it writes: the level of a tone at four volumes."""
    write_tone(tmp_path / "music" / "tone.wav", 440, 3)
    levels = {}
    for percent in (100, 50, 25, percent_for(0.5)):
        heard = tmp_path / f"{percent}.wav"
        with PrivateMpd(tmp_path / "mpd", tmp_path / "music", f"record:{heard}",
                        real_time=False) as mpd:  # fmt: skip
            client = MPDClient()
            client.connect(str(mpd.socket))
            client.clear()
            client.add("tone.wav")
            client.setvol(percent)
            client.play()
            client.idle("player")
            while client.status()["state"] == "play":
                client.idle("player")
            client.disconnect()
        levels[percent] = mean_db(heard)
    assert levels[100] - levels[50] == pytest.approx(18, abs=0.5)
    assert levels[100] - levels[25] == pytest.approx(30, abs=0.7)
    assert levels[100] - levels[percent_for(0.5)] == pytest.approx(10, abs=0.5)


def mean_db(sound):
    command = ["ffmpeg", "-hide_banner", "-i", sound, "-af", "volumedetect", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(said.partition("mean_volume: ")[2].split()[0])


def test_an_mpd_conf_in_any_encoding_is_read(tmp_path):
    conf = tmp_path / "mpd-own.conf"
    conf.write_bytes(b"# f\xfcr Gr\xe4tel\n" + OWN.read_bytes())
    assert mixer_of(conf) == "software"
