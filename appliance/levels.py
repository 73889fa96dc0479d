"""How loud people hear a volume of MPD's software mixer, whose percent is a curve in decibels.

At 50 percent it plays 18 dB softer than at 100, at 25 percent 30 dB, at 10 percent 41 dB: hardly to
be heard (measured on MPD 0.23 and 0.24).
"""

from __future__ import annotations

from math import exp, log

STEEPNESS = 25.0  # percent; MPD's src/mixer/plugins/SoftwareMixerPlugin
FULL = exp(100.0 / STEEPNESS) - 1.0
# S. S. Stevens (1955), JASA 27, 815–829: 10 dB more are twice as loud, so the loudness grows with
# this power of the amplitude.
POWER = 0.6


def heard_at(percent: float) -> float:
    """How loud this volume is, 0…1; 1 is as loud as it can be. percent: 0…100."""
    heard: float = ((exp(percent / STEEPNESS) - 1.0) / FULL) ** POWER
    return heard


def percent_for(heard: float) -> int:
    """The volume in percent that is as loud as that. heard: 0…1."""
    amplitude: float = heard ** (1.0 / POWER)
    return round(STEEPNESS * log(1.0 + amplitude * FULL))
