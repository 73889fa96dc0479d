"""Where sound can go, how it is written for MPD, and the test tone."""

import grp
import io
import json
import os
import re
import socket
import subprocess
import wave
from array import array
from pathlib import Path

import pytest
from conftest import wait_for
from running import started

from appliance.admin.mpd_conf import chosen_output, with_output
from appliance.admin.outputs import DEFAULT, Output, alsa_outputs
from appliance.admin.pipewire import SYSTEM, pipewire_outputs, read_dump
from appliance.admin.tone import play_tone, tone
from appliance.errors import JukeboxError
from appliance.player.client import Client
from appliance.private_mpd.process import find_program
from appliance.resolver.protocol import answers

SHIPPED = (Path(__file__).parents[1] / "install" / "mpd-own.conf").read_text()
ADMIN_UNIT = Path(__file__).parents[1] / "systemd" / "jukebox-admin.service"
# As a Raspberry Pi 4 with a HAT and a USB stick, and a PC, have them in /proc/asound.
PI_CARDS = """\
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
 2 [Device         ]: USB-Audio - USB Audio Device
                      C-Media Electronics Inc. USB Audio Device at usb-0000:01:00.0-1.3, full speed
 3 [sndrpihifiberry]: HifiberryDacp - snd_rpi_hifiberry_dacplus
                      snd_rpi_hifiberry_dacplus
"""
PI_PCM = """\
00-00: bcm2835 Headphones : bcm2835 Headphones : playback 8
01-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1
02-00: USB Audio : USB Audio : playback 1 : capture 1
03-00: HiFiBerry DAC+ HiFi pcm512x-hifi-0 : HiFiBerry DAC+ HiFi pcm512x-hifi-0 : playback 1
"""
PC_CARDS = (
    " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at\n"
)
PC_PCM = """\
00-00: ALC892 Analog : ALC892 Analog : playback 1 : capture 1
00-01: ALC892 Digital : ALC892 Digital : playback 1
00-02: ALC892 Alt Analog : ALC892 Alt Analog : capture 1
00-03: HDMI 0 : HDMI 0 : playback 1
"""
HDMI = Output("alsa:CARD=A,DEV=0", "TV", "hdmi", (("type", "alsa"), ("device", "hw:A")))


def asound(folder, cards, pcm):
    (folder / "cards").write_text(cards)
    (folder / "pcm").write_text(pcm)
    return [(out.kind, out.name, dict(out.conf)["device"]) for out in alsa_outputs(folder)]


def test_the_outputs_of_a_raspberry_pi_have_names_that_people_know(tmp_path):
    assert asound(tmp_path, PI_CARDS, PI_PCM) == [
        ("default", "", "default"),
        ("jack", "bcm2835 Headphones", "sysdefault:CARD=Headphones"),
        ("hdmi", "vc4-hdmi-0", "sysdefault:CARD=vc4hdmi0"),
        ("usb", "USB Audio Device", "sysdefault:CARD=Device"),
        ("hat", "snd_rpi_hifiberry_dacplus", "sysdefault:CARD=sndrpihifiberry"),
    ]


def test_the_outputs_of_a_pc_are_those_that_play(tmp_path):
    assert asound(tmp_path, PC_CARDS, PC_PCM) == [
        ("default", "", "default"),
        ("jack", "HDA Intel PCH", "sysdefault:CARD=PCH"),
        ("digital", "HDA Intel PCH, ALC892 Digital", "plughw:CARD=PCH,DEV=1"),
        ("hdmi", "HDA Intel PCH, HDMI 0", "plughw:CARD=PCH,DEV=3"),
    ]


def test_a_machine_without_a_sound_card_has_no_output(tmp_path):
    assert asound(tmp_path, "--- no soundcards ---\n", "") == []
    assert alsa_outputs(tmp_path / "none") == []


DUMP = [
    {"id": 0, "type": "PipeWire:Interface:Core", "info": {"props": {"core.name": "pipewire-0"}}},
    {"id": 1, "info": None},
    {
        "id": 47, "type": "PipeWire:Interface:Node",
        "info": {"props": {
            "media.class": "Audio/Sink", "node.name": "alsa_output.usb-C-Media.analog-stereo",
            "node.description": "USB  Audio Device Analog Stereo",
        }},
    },
    {"id": 48, "info": {"props": {"media.class": "Audio/Source", "node.name": "mic"}}},
    {"id": 49, "info": {"props": {"media.class": "Audio/Sink", "node.name": 'x"\n}\ninput {'}}},
]  # fmt: skip


def test_pipewire_names_its_sinks_and_a_name_of_two_lines_is_none(tmp_path):
    (found,) = read_dump(DUMP, tmp_path)
    assert (found.name, found.kind) == ("USB Audio Device Analog Stereo", "pipewire")
    target = ("target", "alsa_output.usb-C-Media.analog-stereo")
    assert found.conf == (("type", "pipewire"), target)
    (of_all,) = read_dump(DUMP, SYSTEM)
    assert of_all.conf[2:] == (("remote", "/run/pipewire/pipewire-0"),)


def program(folder, name, script):
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_a_pipewire_that_does_not_answer_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "pipewire-0"))
        environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
        program(tmp_path, "pw-dump", f"echo '{json.dumps(DUMP[2:3])}'")
        assert [out.kind for out in pipewire_outputs(environ)] == ["pipewire"]
        for script in ("exit 1", "echo '{'"):
            program(tmp_path, "pw-dump", script)
            assert pipewire_outputs(environ) == []
    assert pipewire_outputs({}) == []


# --- MPD's settings ------------------------------------------------------------------------------


def test_in_the_shipped_file_the_output_is_set_and_the_comments_stay():
    text = with_output(SHIPPED, HDMI)
    assert text == SHIPPED.replace('    type "alsa"\n', "").replace(
        "audio_output {\n", 'audio_output {\n    type "alsa"\n    device "hw:A"\n'
    )
    assert chosen_output(text, [DEFAULT, HDMI]) == HDMI
    assert chosen_output(SHIPPED, [DEFAULT, HDMI]) == DEFAULT


@pytest.mark.parametrize("text", ["", "# Mine.", 'password "x"\n'])
def test_a_file_without_an_output_gets_one(text):
    made = with_output(text, HDMI)
    assert made.startswith(text.strip())
    assert 'audio_output {\n    type "alsa"\n    device "hw:A"\n    name "loudspeaker"' in made
    assert with_output(made, HDMI) == made


def test_what_belonged_to_the_output_before_goes_and_the_rest_stays():
    before = (
        'audio_output {\n    type "pulse"\n    server "far"\n    name "mine" # yes\n'
        '    mixer_device "hw:9"\n    format "48000:16:2"\n}\nreplaygain "album"\n'
    )
    assert with_output(before, HDMI) == (
        'audio_output {\n    type "alsa"\n    device "hw:A"\n    name "mine" # yes\n'
        '    format "48000:16:2"\n}\nreplaygain "album"\n'
    )


def test_of_several_outputs_only_their_owner_knows_which_is_meant():
    with pytest.raises(JukeboxError, match="has 2 audio outputs"):
        with_output(SHIPPED + SHIPPED, HDMI)
    assert chosen_output(SHIPPED + SHIPPED, [HDMI]) is None


# --- the tone ------------------------------------------------------------------------------------


def test_the_tone_is_first_left_then_right_and_not_loud():
    with wave.open(io.BytesIO(tone())) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 48_000)
        samples = array("h", file.readframes(file.getnframes()))
    left, right = samples[0::2], samples[1::2]
    half = len(left) // 2
    assert max(left[:half]) == pytest.approx(0.12 * 32767, rel=0.02)
    assert max(right[half:]) == pytest.approx(0.12 * 32767, rel=0.02)
    assert not any(left[half:])
    assert not any(right[:half])


PIPEWIRE = Output("pipewire:a", "TV", "pipewire", (("type", "pipewire"), ("target", "a")))


@pytest.mark.parametrize(
    ("output", "name", "words"),
    [(HDMI, "aplay", "--quiet --device hw:A"), (PIPEWIRE, "pw-play", "--target a")],
)
def test_the_tone_goes_to_the_output(tmp_path, monkeypatch, output, name, words):
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    program(
        tmp_path,
        name,
        f'echo "$@" >{tmp_path}/asked; for file; do :; done; cp "$file" {tmp_path}/heard',
    )
    play_tone(output)
    assert (tmp_path / "asked").read_text().startswith(f"{words} /")
    assert (tmp_path / "heard").read_bytes() == tone()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo 'aplay: main:831: audio open error: Device or resource busy' >&2; exit 1",
            "plays music",
        ),
        ("echo 'audio open error: No such device' >&2; exit 1", "does not play: audio open error"),
        ("sleep 5", "takes no sound"),
    ],
)
def test_a_tone_that_nobody_hears_says_why(tmp_path, monkeypatch, script, said):
    monkeypatch.setattr("appliance.admin.tone.PATIENCE_S", 0.3)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    program(tmp_path, "aplay", script.replace("sleep", "exec sleep"))
    with pytest.raises(JukeboxError, match=said):
        play_tone(HDMI)


def test_without_the_player_of_tones_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JukeboxError, match="needs aplay; sudo apt install alsa-utils"):
        play_tone(HDMI)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_tone_is_heard_over_music_where_alsa_mixes_them():
    """ALSA's mixer is a set of semaphores, made by MPD; here by another user without powers."""
    key = str(os.getpid() + 0x4A554B45)
    unit = ADMIN_UNIT.read_text()
    (powers,) = re.findall(r"^CapabilityBoundingSet=(.+)", unit, re.MULTILINE)
    (groups,) = re.findall(r"^SupplementaryGroups=(.+)", unit, re.MULTILINE)
    kept = powers.lower().replace("cap_", "+").replace(" ", ",")
    number = grp.getgrnam("audio").gr_gid
    semaphores = ["perl", "-e", "exit !defined semget $ARGV[0], 2, oct $ARGV[1]", key]
    mpd = ["setpriv", "--reuid=12345", f"--regid={number}", "--clear-groups"]
    admin = ["setpriv", f"--bounding-set=-all,{kept}", "--inh-caps=-all"]
    subprocess.run([*mpd, *semaphores, "1660"], check=True)
    try:
        subprocess.run([*admin, f"--groups={groups}", *semaphores, "660"], check=True)
    finally:
        subprocess.run(["ipcrm", "-S", key], check=True)


@pytest.mark.server
@pytest.mark.parametrize("output", [DEFAULT, HDMI, PIPEWIRE], ids=lambda output: output.id)
def test_mpd_takes_what_is_written(tmp_path, output):
    """Whether the device is there shows only when it plays."""
    own, door = tmp_path / "mpd-own.conf", tmp_path / "socket"
    own.write_text(with_output(SHIPPED, output))
    (tmp_path / "mpd.conf").write_text(
        f'db_file "{tmp_path}/db"\nmusic_directory "{tmp_path}"\nbind_to_address "{door}"\n'
        f'include "{own}"\n'
    )
    command = [find_program(), "--no-daemon", "--stderr", str(tmp_path / "mpd.conf")]
    with started(command, stderr=subprocess.DEVNULL):
        wait_for(lambda: answers(door))
        app = Client()
        app.connect(str(door))
        (shown,) = app.outputs()
        app.disconnect()
    assert (shown["plugin"], shown["outputname"]) == (dict(output.conf)["type"], "loudspeaker")
