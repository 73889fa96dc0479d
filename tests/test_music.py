"""The starter music: the tracks as a player finds them, the scores as a musician reads them."""

import base64
import re
import shutil
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import pytest

pytest.importorskip("mido", reason="needs the extra [music]")

import mido
from conftest import wait_for
from mpd import MPDClient

from appliance.private_mpd.process import PrivateMpd
from appliance.records import EMOTIONS
from music.arrange import arrange
from music.cues import mean_cues
from music.layout import lay_out
from music.midi import write_midi
from music.perform import duration_s, perform
from music.proof import complaints
from music.render import digest, measure
from music.score import SCORES, read_score, read_scores
from music.theory import lead_voices, parse_chord

MUSIC = Path(__file__).parents[1] / "music"
CHIME = MUSIC / "chime" / "chime.opus"
TRACKS = sorted(set(MUSIC.glob("*/*.opus")) - {CHIME})
PIECES = {score.name: score for score in read_scores()}
CUES = {
    emotion: mean_cues([score for score in PIECES.values() if score.emotion == emotion])
    for emotion in EMOTIONS
}
needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="needs ffmpeg: apt-get install ffmpeg"
)
every_piece = pytest.mark.parametrize("score", PIECES.values(), ids=PIECES.keys())
every_track = pytest.mark.parametrize("track", TRACKS, ids=[track.stem for track in TRACKS])


def ogg_packets(data):
    """The packets of an Ogg file with one stream (RFC 3533)."""
    packets, packet, at = [], b"", 0
    while at < len(data):
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(lacing)
        for size in lacing:
            packet += data[at : at + size]
            at += size
            if size < 255:
                packets.append(packet)
                packet = b""
    return packets


def opus_tags(track):
    """The comments of an Opus file (RFC 7845, 5.2)."""
    block = ogg_packets(track.read_bytes())[1]
    fields, at = [], 8  # behind "OpusTags": the vendor, then after their count the comments
    while at < len(block):
        (size,) = struct.unpack_from("<I", block, at)
        fields.append(block[at + 4 : at + 4 + size])
        at += 4 + size + (4 if len(fields) == 1 else 0)
    pairs = [field.decode().partition("=") for field in fields[1:]]
    return {name.upper(): value for name, _, value in pairs}


def seconds(track):
    """The length of an Opus file: what its last page counts, in samples (RFC 7845, 4)."""
    data = track.read_bytes()
    (samples,) = struct.unpack_from("<q", data, data.rindex(b"OggS") + 6)
    return samples / 48_000


def silences(track):
    """Beginnings and ends in seconds of what lies below -50 dBFS for longer than half a second."""
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", track, "-map", "0:a"]
    command += ["-af", "silencedetect=noise=-50dB:d=0.5", "-f", "null", "-"]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    begins, ends = (re.findall(rf"silence_{edge}: ([\d.-]+)", log) for edge in ("start", "end"))
    return list(zip(map(float, begins), map(float, ends), strict=True))


@pytest.fixture(scope="module")
def levels():
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(TRACKS, pool.map(measure, TRACKS), strict=True))


# The tracks.


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_every_emotion_has_three_tracks_of_a_minute_or_more(emotion):
    lengths = [seconds(track) for track in TRACKS if track.parent.name == emotion]
    assert len(lengths) >= 3
    assert min(lengths) >= 60


def test_the_music_takes_no_more_than_15_megabytes():
    assert sum(path.stat().st_size for path in MUSIC.rglob("*") if path.is_file()) <= 15e6


@every_track
def test_a_track_says_what_it_is_and_carries_its_cover(track):
    tags, score = opus_tags(track), PIECES[track.stem]
    assert (tags["TITLE"], tags["MOOD"], tags["GENRE"]) == (score.title, score.emotion, score.genre)
    assert {"ARTIST", "ALBUM", "DESCRIPTION", "DATE"} <= tags.keys()
    assert "CC0" in tags["COPYRIGHT"]
    assert int(tags["R128_TRACK_GAIN"]) == -5 * 256  # from -18 LUFS to R 128's -23, in 1/256 dB
    cover = (track.parent / "cover.png").read_bytes()
    assert base64.b64decode(tags["METADATA_BLOCK_PICTURE"]).endswith(cover)
    assert len(cover) <= 20_000


@pytest.mark.heavy
@every_track
def test_a_track_was_made_from_its_score_as_it_stands(track, tmp_path):
    midi = tmp_path / "score.mid"
    write_midi(PIECES[track.stem], midi)
    assert opus_tags(track)["SCORE_DIGEST"] == digest(midi)


def test_every_score_has_its_track_and_its_line_in_the_readme():
    readme = (MUSIC / "README.md").read_text(encoding="utf-8")
    assert {track.stem for track in TRACKS} == PIECES.keys()
    assert [score.title for score in PIECES.values() if f"| {score.title} |" not in readme] == []


@needs_ffmpeg
def test_the_tracks_are_equally_loud_within_1_lu(levels):
    loudness = [level.loudness for level in levels.values()]
    assert max(loudness) - min(loudness) <= 1


@needs_ffmpeg
def test_no_track_clips_when_decoded(levels):
    assert max(level.true_peak for level in levels.values()) <= -1.5


@pytest.mark.heavy
@needs_ffmpeg
@every_track
def test_a_track_begins_at_once_never_stops_for_long_and_fades_out(track):
    length = seconds(track)
    for begin, end in silences(track):
        assert begin > 1
        assert end - begin < (3 if end > length - 0.2 else 1.5)


# The scores.


@every_piece
def test_a_score_stays_in_range_and_rubs_nowhere_unintended(score):
    assert complaints(score) == []


@every_piece
def test_a_score_is_the_same_performance_every_time(score):
    assert perform(score) == perform(read_score(SCORES / score.emotion / f"{score.name}.toml"))


@pytest.mark.heavy
@every_piece
def test_no_note_hangs_and_none_is_struck_while_it_sounds(score, tmp_path):
    write_midi(score, tmp_path / "score.mid")
    sounding = set()
    for message in mido.merge_tracks(mido.MidiFile(tmp_path / "score.mid").tracks):
        if message.type == "note_on":
            assert (message.channel, message.note) not in sounding
            sounding.add((message.channel, message.note))
        elif message.type == "note_off":
            sounding.remove((message.channel, message.note))
    assert sounding == set()


@every_piece
def test_a_piece_has_a_form_and_comes_to_rest_at_its_end(score):
    assert len(set(score.form)) >= 4
    last = lay_out(score)[-1].spans[-1]
    lasting = [notes[-1] for notes in arrange(score).values() if notes]
    assert last.chord.pitch_classes[0] == lay_out(score)[-1].key.tonic % 12
    assert last.end - max(note.start + note.duration for note in lasting) < score.meter
    assert score.ritardando[1] < 1


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_the_three_pieces_of_an_emotion_differ(emotion):
    pieces = [score for score in PIECES.values() if score.emotion == emotion]
    leaders = {next(p.instrument for p in s.band if p.plays == "tune") for s in pieces}
    assert len({(score.key, score.mode) for score in pieces}) == len(pieces)
    assert len({score.genre for score in pieces} | leaders) >= 4
    tempos = sorted(score.bpm for score in pieces)
    meters = {score.meter for score in pieces}
    assert tempos[-1] / tempos[0] > 1.1 or len(meters) > 1


def test_voices_move_to_the_nearest_tones_of_the_next_chord():
    chords = [parse_chord(symbol, 0) for symbol in ("I", "vi", "IV", "V7", "I")]
    voicings = lead_voices(chords, 60, 3, is_open=False)
    steps = [
        abs(new - old)
        for before, after in pairwise(voicings)
        for old, new in zip(before, after, strict=True)
    ]
    assert max(steps) <= 3
    assert fmean(steps) < 1.5


# What the literature in music/README.md says, cue by cue, from the lowest to the highest.
@pytest.mark.parametrize(
    ("cue", "order"),
    [
        ("bpm", ("sad", "neutral", "happy")),
        ("bpm", ("sad", "fear", "angry")),
        ("minor", ("happy", "sad")),
        ("minor", ("happy", "angry")),
        ("minor", ("surprise", "neutral", "fear")),
        ("pitch", ("sad", "neutral", "happy")),
        ("pitch", ("angry", "happy", "surprise")),
        ("notes_per_s", ("sad", "neutral", "happy")),
        ("notes_per_s", ("fear", "angry")),
        ("velocity", ("sad", "neutral", "happy", "surprise", "angry")),
        ("velocity", ("fear", "disgust", "angry")),
        ("length", ("happy", "neutral", "sad")),
        ("length", ("angry", "sad")),
        ("leap", ("sad", "happy", "surprise")),
        ("jump", ("neutral", "happy", "surprise")),
        ("chromatic", ("neutral", "happy", "angry", "disgust")),
    ],
)
def test_cues_are_ordered_as_listeners_hear_them(cue, order):
    values = [getattr(CUES[emotion], cue) for emotion in order]
    assert values == sorted(set(values))


def test_a_section_like_another_adds_its_drums_to_the_others(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY + LIKE, encoding="utf-8")
    section = read_score(path).sections["B"]
    assert section.lines == {"flute": "1 2 3 4", "kit": {"kick": "x...", "hat": "xxxx"}}
    assert section.level == (0.5, 0.5)


# Mistakes.

TINY = """
title = "Tiny"
about = "One bar."
genre = "Test"
key = "C"
mode = "major"
bpm = 60
meter = 4
form = ["A"]
[band]
flute = { instrument = "flute", plays = "tune" }
[section.A]
chords = "I"
flute = "1 2 3 4"
"""


LIKE = """
kit.kick = "x..."
[section.B]
like = "A"
level = 0.5
kit.hat = "xxxx"
[band.kit]
instrument = "jazz kit"
plays = "drums"
"""


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('"1 2 3 4"', '"1 2 3"', "bar 1 ends after 3 beats, not 4"),
        ('"1 2 3 4"', '"1 2 3 x"', "bar 1: cannot read 'x'"),
        ('"1 2 3 4"', '"1 2 3 4 | 5:4"', "the tune has 2 bars and the chords 1"),
        ('"I"', '"H"', "chord 'H'"),
        ('"I"', '"Imaj8"', "'maj8' is not a known quality of I"),
        ('"C"', '"H"', "key 'H'"),
        ('"major"', '"blue"', "mode 'blue'"),
        ('instrument = "flute"', 'instrument = "flut"', "no instrument is called 'flut'"),
        ("flute = \"1", "flut = \"1", "nobody in the band is called 'flut'"),
        ('["A"]', '["A", "B"]', "there is no section 'B'"),
        ("bpm = 60\n", "", "bpm"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_score_is_named_with_its_place(right, wrong, complaint, tmp_path):
    path = tmp_path / "happy" / "tiny.toml"
    path.parent.mkdir()
    path.write_text(TINY.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(complaint)) as caught:
        arrange(read_score(path))
    assert "happy/tiny" in str(caught.value)


def test_a_piece_lasts_as_long_as_its_beats_and_longer_with_a_ritardando(tmp_path):
    path = tmp_path / "tiny.toml"
    for line, length_s in [("ritardando = [4, 1.0]", 4.0), ("ritardando = [2, 0.5]", 4.54)]:
        path.write_text(f"{line}\n{TINY}", encoding="utf-8")
        assert duration_s(read_score(path)) == pytest.approx(length_s, abs=0.01)


@pytest.mark.server
@needs_ffmpeg
@pytest.mark.parametrize("name", ["happy/kite-weather", "chime/chime"])
@pytest.mark.parametrize(("tagged", "louder_db"), [(True, 0), (False, 5)])
def test_what_the_starter_music_sounds_like_is_as_loud_as_it_was_made(
    name, tagged, louder_db, tmp_path
):
    """Under "track" MPD plays Opus without the tag 5 dB louder: so the test can fail."""
    track = MUSIC / f"{name}.opus"
    shelf = tmp_path / "music"
    shelf.mkdir()
    drop = [] if tagged else ["-metadata:s:a", "R128_TRACK_GAIN="]
    command = ["ffmpeg", "-v", "error", "-i", track, "-map", "0:a", "-c", "copy", *drop]
    subprocess.run([*command, shelf / "a.opus"], check=True)
    heard = tmp_path / "heard.wav"
    with PrivateMpd(tmp_path / "mpd", shelf, f"record:{heard}", real_time=False) as mpd:
        client = MPDClient()
        client.connect(str(mpd.socket))
        client.add("a.opus")
        client.play()
        wait_for(lambda: client.status()["state"] == "stop", 30.0)
        client.disconnect()
    assert loudness(heard) - loudness(track) == pytest.approx(louder_db, abs=0.5)


def loudness(sound):
    """In LUFS, mono as it sounds on two sides."""
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", sound, "-map", "0:a"]
    command += ["-af", "ebur128=dualmono=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"\bI:\s+(-?[\d.]+) LUFS", said)[-1])


def test_the_chime_is_short_and_softer_than_the_music():
    level = measure(CHIME)
    assert 1.5 < level.duration_s < 3
    assert level.loudness < -20
    assert level.true_peak < -9
