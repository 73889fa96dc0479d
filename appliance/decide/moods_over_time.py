"""How moods come and go, and which faces people make in them: the model behind the mood filter."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

from appliance.records import EMOTIONS, Emotion, Priors

# Seven plain numbers, in the order of EMOTIONS. NumPy would take twice as long: with so few, once a
# frame, its calls cost more than the arithmetic.
Probabilities = tuple[float, ...]

# Of the faces that people make in a mood, this share shows the mood, this share is neutral, and
# this share is spread evenly over all seven emotions (an assumption, docs/rehearsal.md).
P_SHOWN, P_NEUTRAL, P_OTHER = 0.60, 0.30, 0.10
# Moods last this long on average; most of them come from neutral and go back to it. Half or twice
# as long makes next to no difference (docs/rehearsal.md).
NEUTRAL_LASTS_S, OTHERS_LAST_S = 480.0, 240.0
BACK_TO_NEUTRAL = 0.7


def unknown() -> Probabilities:
    """What is believed about the mood of somebody who has just come: all seven are as likely."""
    return (1.0 / len(EMOTIONS),) * len(EMOTIONS)


def after(beliefs: Probabilities, seconds: float) -> Probabilities:
    """What is believed after some seconds in which nothing was seen: moods come to an end."""
    ended = [
        belief * min(seconds / lasts_s, 0.5)
        for belief, lasts_s in zip(beliefs, _LASTS_S, strict=True)
    ]
    return tuple(
        belief - gone + dot(ended, from_each)
        for belief, gone, from_each in zip(beliefs, ended, _FOLLOWS, strict=True)
    )


def likelihood_ratios(priors: Priors) -> list[Probabilities]:
    """Seven by seven, by Bayes: how much likelier a face (column) is in a mood (row)."""
    evened = priors.evened()
    return [
        tuple(_p_face(face, mood) / share for face, share in zip(EMOTIONS, evened, strict=True))
        for mood in EMOTIONS
    ]


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    """The sum of the products, number by number."""
    return float(sum(map(mul, a, b)))


def normalized(amounts: Sequence[float]) -> Probabilities:
    """The amounts, scaled to sum to 1."""
    total = sum(amounts)
    return tuple([amount / total for amount in amounts])


def _lasts_s(mood: Emotion) -> float:
    return NEUTRAL_LASTS_S if mood is Emotion.NEUTRAL else OTHERS_LAST_S


def _p_next(mood: Emotion, before: Emotion) -> float:
    """How likely a mood is to follow another that has ended."""
    others = len(EMOTIONS) - 1
    if mood is before:
        return 0.0
    if before is Emotion.NEUTRAL:
        return 1.0 / others
    return BACK_TO_NEUTRAL if mood is Emotion.NEUTRAL else (1.0 - BACK_TO_NEUTRAL) / (others - 1)


def _p_face(face: Emotion, mood: Emotion) -> float:
    """How likely people are to make this face in a mood."""
    return (
        P_OTHER / len(EMOTIONS) + P_SHOWN * (face is mood) + P_NEUTRAL * (face is Emotion.NEUTRAL)
    )


_LASTS_S = [_lasts_s(mood) for mood in EMOTIONS]
_FOLLOWS = [[_p_next(mood, before) for before in EMOTIONS] for mood in EMOTIONS]
