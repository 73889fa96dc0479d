"""A performance written down as a standard MIDI file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from math import pi, sin
from pathlib import Path

import mido

from music.instruments import INSTRUMENTS, KITS
from music.perform import PlayedNote, perform, tempo_curve
from music.score import Player, Score

TICKS = 480  # in a beat
DRUM_CHANNEL = 9
LEAD_IN_BEATS = 0.25  # room for a first note that comes early
AFTERGLOW_S = 5.0  # how long the recording goes on after the last beat; silence is cut later
VOLUME, PAN, EXPRESSION, REVERB, CHORUS = 7, 10, 11, 91, 93  # MIDI's controllers
EVEN_EXPRESSION = 0.85
SWELLS_FROM_BEATS = 1.2  # shorter notes have no time to bloom
SWELL_POINTS = 8


def write_midi(score: Score, path: Path) -> None:
    """Write the performance: the tempo in the first track, then one track for each player.

    Raises ValueError if the lines of the score do not fit (see arrange), StopIteration if more than
    15 players need a channel that is not the drums', and OSError if the file cannot be written.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(_tempo_track(score))
    channels = iter([channel for channel in range(16) if channel != DRUM_CHANNEL])
    performance = perform(score)
    for player in score.band:
        channel = DRUM_CHANNEL if player.plays == "drums" else next(channels)
        file.tracks.append(_player_track(player, performance[player.name], channel))
    file.save(path)


def _tempo_track(score: Score) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=score.title)])
    now = 0
    bpm = score.bpm
    for beat, bpm in tempo_curve(score):
        tick = _tick(beat) if beat else 0  # the lead-in has the tempo of the first beat
        track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm), time=tick - now))
        now = tick
    afterglow = round((AFTERGLOW_S * bpm / 60 + 0.5) * TICKS)
    track.append(mido.MetaMessage("end_of_track", time=afterglow))
    return track


def _player_track(player: Player, notes: list[PlayedNote], channel: int) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=player.name)])
    track += _set_up(player, channel)
    timed = [*_note_messages(notes, channel)]
    if player.swells:
        timed += _swelling(notes, channel)
    now = 0
    # At the same tick notes end before others begin.
    for tick, message in sorted(timed, key=lambda entry: (entry[0], entry[1].type == "note_on")):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def _set_up(player: Player, channel: int) -> Iterator[mido.Message]:
    """Yield program, volume, place and reverberation, before the first note."""
    is_kit = player.instrument in KITS
    program = KITS[player.instrument] if is_kit else INSTRUMENTS[player.instrument].program
    yield mido.Message("program_change", channel=channel, program=program)
    # General MIDI: the volume controller acts as 40 log10 of its value.
    yield _control(channel, VOLUME, 10 ** (player.volume_db / 40))
    yield _control(channel, PAN, (player.pan + 1) / 2)
    yield _control(channel, EXPRESSION, EVEN_EXPRESSION)
    yield _control(channel, REVERB, player.reverb)
    yield _control(channel, CHORUS, 0.0)


def _note_messages(notes: list[PlayedNote], channel: int) -> Iterator[tuple[int, mido.Message]]:
    for note in notes:
        address = {"channel": channel, "note": note.pitch}
        yield _tick(note.start), mido.Message("note_on", velocity=note.velocity, **address)
        yield _tick(note.end), mido.Message("note_off", **address)


def _swelling(notes: list[PlayedNote], channel: int) -> Iterator[tuple[int, mido.Message]]:
    """Yield the expression pedal: it rises and falls over long notes and stays for short ones."""
    for start, chord in groupby(notes, key=lambda note: round(note.start, 1)):
        length = max(note.end for note in chord) - start
        if length < SWELLS_FROM_BEATS:
            yield _tick(start), _control(channel, EXPRESSION, EVEN_EXPRESSION)
            continue
        for point in range(SWELL_POINTS):
            value = 0.7 + 0.22 * sin(pi * point / SWELL_POINTS)
            tick = _tick(start + length * point / SWELL_POINTS)
            yield tick, _control(channel, EXPRESSION, value)


def _control(channel: int, control: int, value: float) -> mido.Message:
    """Return the message that sets a controller to a fraction of its range."""
    return mido.Message(
        "control_change", channel=channel, control=control, value=round(127 * value)
    )


def _tick(beat: float) -> int:
    return round((beat + LEAD_IN_BEATS) * TICKS)
