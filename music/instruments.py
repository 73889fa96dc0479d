"""The instruments of General MIDI that the scores use, and the ranges in which they sound well."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instrument:
    """A program number of General MIDI, counted from 0, and its range in MIDI numbers."""

    program: int
    lowest: int
    highest: int


INSTRUMENTS = {
    "piano": Instrument(0, 21, 108),
    "electric piano": Instrument(4, 28, 100),
    "celesta": Instrument(8, 60, 108),
    "glockenspiel": Instrument(9, 67, 108),
    "music box": Instrument(10, 60, 100),
    "vibraphone": Instrument(11, 53, 89),
    "marimba": Instrument(12, 45, 96),
    "xylophone": Instrument(13, 65, 108),
    "organ": Instrument(16, 36, 96),
    "rock organ": Instrument(18, 36, 96),
    "accordion": Instrument(21, 53, 93),
    "bandoneon": Instrument(23, 48, 93),
    "nylon guitar": Instrument(24, 40, 84),
    "steel guitar": Instrument(25, 40, 84),
    "jazz guitar": Instrument(26, 40, 86),
    "muted guitar": Instrument(28, 40, 84),
    "overdriven guitar": Instrument(29, 40, 86),
    "distortion guitar": Instrument(30, 35, 86),
    "acoustic bass": Instrument(32, 28, 60),
    "electric bass": Instrument(33, 28, 60),
    "picked bass": Instrument(34, 28, 60),
    "violin": Instrument(40, 55, 100),
    "cello": Instrument(42, 36, 76),
    "contrabass": Instrument(43, 28, 60),
    "tremolo strings": Instrument(44, 36, 96),
    "pizzicato strings": Instrument(45, 36, 96),
    "harp": Instrument(46, 24, 103),
    "timpani": Instrument(47, 36, 60),
    "strings": Instrument(48, 36, 96),
    "slow strings": Instrument(49, 36, 96),
    "choir": Instrument(52, 43, 84),
    "voices": Instrument(53, 43, 84),
    "trumpet": Instrument(56, 54, 86),
    "trombone": Instrument(57, 40, 72),
    "tuba": Instrument(58, 28, 58),
    "muted trumpet": Instrument(59, 54, 84),
    "french horn": Instrument(60, 41, 77),
    "brass": Instrument(61, 40, 84),
    "alto saxophone": Instrument(65, 49, 81),
    "tenor saxophone": Instrument(66, 44, 76),
    "oboe": Instrument(68, 58, 91),
    "english horn": Instrument(69, 52, 81),
    "bassoon": Instrument(70, 34, 72),
    "clarinet": Instrument(71, 50, 91),
    "piccolo": Instrument(72, 74, 108),
    "flute": Instrument(73, 60, 96),
    "recorder": Instrument(74, 60, 96),
    "whistle": Instrument(78, 60, 100),
    "warm pad": Instrument(89, 36, 84),
    "kalimba": Instrument(108, 48, 90),
    "fiddle": Instrument(110, 55, 96),
}

# Program numbers on the drum channel; FluidR3 has these of Roland's GS kits.
KITS = {"standard kit": 0, "room kit": 8, "power kit": 16, "jazz kit": 32, "brush kit": 40}

DRUMS = {  # General MIDI's percussion keys
    "kick": 36,
    "rim": 37,
    "snare": 38,
    "clap": 39,
    "low tom": 41,
    "hat": 42,
    "pedal hat": 44,
    "mid tom": 45,
    "open hat": 46,
    "high tom": 48,
    "crash": 49,
    "ride": 51,
    "tambourine": 54,
    "cowbell": 56,
    "high bongo": 60,
    "low bongo": 61,
    "conga": 63,
    "low conga": 64,
    "maracas": 70,
    "guiro": 73,
    "claves": 75,
    "woodblock": 76,
    "low woodblock": 77,
    "triangle": 81,
    "shaker": 82,
}
