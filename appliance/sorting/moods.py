"""From cues to a mood: a place in valence, arousal and power, and the nearest of the seven moods.

All figures are round and set by hand after the literature that docs/streams-and-sorting.md names;
nothing is fitted to data. Each cue counts by how far it is from what is usual in recorded music.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.records import EMOTIONS, Emotion

if TYPE_CHECKING:
    from appliance.sorting.cues import Cues  # which loads librosa


@dataclass(frozen=True, slots=True)
class Place:
    """Where a track or a mood is; each number is about −1…1.

    valence: from unpleasant to pleasant. arousal: from calm to excited. power: from yielding to
    dominant.
    """

    valence: float
    arousal: float
    power: float


@dataclass(frozen=True, slots=True)
class Scale:
    """What is usual for a cue. spread: the distance from it that counts as 1, in the cue's unit.

    octaves: people hear the cue in ratios, as they do tempo and pitch; spread is then in octaves.
    """

    usual: float
    spread: float
    octaves: bool = False

    def of(self, value: float) -> float:
        """How unusual a value is, −2…2; 0 is usual."""
        far = math.log2(max(value, 1e-3) / self.usual) if self.octaves else value - self.usual
        return max(-2.0, min(2.0, far / self.spread))


# By the names of the fields of Cues.
SCALES: Mapping[str, Scale] = {
    "tempo_bpm": Scale(120, 0.5, octaves=True),
    "events_per_s": Scale(2.5, 0.7, octaves=True),
    "majorness": Scale(0, 0.15),
    "dissonance": Scale(0.4, 0.2),
    "roughness": Scale(0.55, 0.25),
    "loudness_lufs": Scale(-16, 5),
    "range_lu": Scale(7, 4),
    "jump_db": Scale(5, 3),
    "brightness_hz": Scale(1600, 0.6, octaves=True),
    "attack_db": Scale(4, 3),
}
VALENCE = {"majorness": 0.35, "events_per_s": 0.1, "dissonance": -0.1, "roughness": -0.1}
AROUSAL = {
    "events_per_s": 0.2,
    "tempo_bpm": 0.1,
    "loudness_lufs": 0.15,
    "brightness_hz": 0.15,
    "attack_db": 0.15,
    "jump_db": 0.15,
    "dissonance": 0.1,
}
POWER = {
    "loudness_lufs": 0.15,
    "roughness": 0.15,
    "events_per_s": 0.1,
    "range_lu": -0.2,
    "jump_db": -0.1,
}
# After J. Russell and A. Mehrabian (1977), Journal of Research in Personality 11, 273–294. Happy is
# their "joyful", whose power is nearer to what music can show than that of their "happy"
# (0.81, 0.51, 0.46). Their fear has arousal 0.60, but in music fear is tense rather than energetic
# (Eerola and Vuoskoski 2011), and players who are asked for it play slowly and softly (Bresin and
# Friberg 2011).
PLACES: Mapping[Emotion, Place] = {
    Emotion.ANGRY: Place(-0.51, 0.59, 0.25),
    Emotion.DISGUST: Place(-0.60, 0.35, 0.11),
    Emotion.FEAR: Place(-0.64, 0.20, -0.43),
    Emotion.HAPPY: Place(0.76, 0.48, 0.35),
    Emotion.SAD: Place(-0.63, -0.27, -0.33),
    Emotion.SURPRISE: Place(0.40, 0.67, -0.13),
    Emotion.NEUTRAL: Place(0.0, 0.0, 0.0),
}


def place(cues: Cues) -> Place:
    """Where a track with these cues is."""
    unusual = {name: scale.of(getattr(cues, name)) for name, scale in SCALES.items()}
    return Place(
        *(sum(weight * unusual[name] for name, weight in weights.items())
          for weights in (VALENCE, AROUSAL, POWER))
    )  # fmt: skip


def nearest(at: Place) -> list[Emotion]:
    """All seven moods, the nearest to this place first."""
    return sorted(EMOTIONS, key=lambda emotion: _distance(at, PLACES[emotion]))


def _distance(a: Place, b: Place) -> float:
    return math.dist((a.valence, a.arousal, a.power), (b.valence, b.arousal, b.power))
