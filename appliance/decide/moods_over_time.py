"""How moods come and go, and which faces people make in them: the model behind the mood filter."""

from __future__ import annotations

from collections.abc import Sequence
from operator import add, mul

from appliance.records import EMOTIONS, Emotion, Priors

# Plain numbers, seven in the order of EMOTIONS. NumPy would take twice as long: with so few, once a
# frame, its calls cost more than the arithmetic.
Probabilities = tuple[float, ...]

# People differ in how much of their mood their faces show. Of a lively person's faces in a mood the
# first share shows it and the second is neutral; a calm person's face mostly rests. What is left is
# spread evenly over all seven emotions (assumptions, docs/rehearsal.md).
LIVELY, CALM = (0.65, 0.25), (0.35, 0.55)
# So many of those who come are lively and calm, and after so long somebody else may sit there.
COME, OTHERS_SIT_S = (0.7, 0.3), 3600.0
# Moods last this long on average. Most of them come from neutral and go back to it, or else to any
# other. Half or twice as long makes next to no difference (docs/rehearsal.md).
NEUTRAL_LASTS_S, OTHERS_LAST_S = 480.0, 240.0
BACK_TO_NEUTRAL = 0.7


def unknown() -> Probabilities:
    """What is believed of somebody who has just come: all seven moods are as likely.

    Fourteen numbers: the moods of a lively person, then those of a calm one.
    """
    return tuple([share / len(EMOTIONS) for share in COME for _ in EMOTIONS])


def moods(beliefs: Probabilities) -> Probabilities:
    """The probabilities of the seven moods, whatever the person is like."""
    lively, calm = _by_person(beliefs)
    return tuple(map(add, lively, calm))


def after(beliefs: Probabilities, seconds: float) -> Probabilities:
    """What is believed after some seconds in which nothing was seen.

    Moods come to an end, and somebody else may sit there.
    """
    changed = min(seconds / OTHERS_SIT_S, 0.5)
    people = [_mood_after(moods_of_one, seconds) for moods_of_one in _by_person(beliefs)]
    either = [lively + calm for lively, calm in zip(*people, strict=True)]
    return tuple(
        [
            (1.0 - changed) * belief + changed * share * mood
            for share, moods_of_one in zip(COME, people, strict=True)
            for belief, mood in zip(moods_of_one, either, strict=True)
        ]
    )


def likelihood_ratios(priors: Priors) -> list[Probabilities]:
    """Fourteen by seven, by Bayes: how much likelier a face (column) is in a belief (row)."""
    evened = priors.evened()
    return [
        tuple(
            _p_face(face, mood, *person) / share
            for face, share in zip(EMOTIONS, evened, strict=True)
        )
        for person in (LIVELY, CALM)
        for mood in EMOTIONS
    ]


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    """The sum of the products, number by number."""
    return float(sum(map(mul, a, b)))


def normalized(amounts: Sequence[float]) -> Probabilities:
    """The amounts, scaled to sum to 1."""
    total = sum(amounts)
    return tuple([amount / total for amount in amounts])


def _by_person(beliefs: Probabilities) -> tuple[Probabilities, Probabilities]:
    return beliefs[: len(EMOTIONS)], beliefs[len(EMOTIONS) :]


def _mood_after(beliefs: Probabilities, seconds: float) -> Probabilities:
    """The seven moods of one person after some seconds."""
    ended = [
        belief * min(seconds / lasts_s, 0.5)
        for belief, lasts_s in zip(beliefs, _LASTS_S, strict=True)
    ]
    from_neutral = ended[_NEUTRAL]
    from_others = sum(ended) - from_neutral
    after = [
        belief - gone + from_neutral / _OTHERS + (from_others - gone) * _TO_EACH_OTHER
        for belief, gone in zip(beliefs, ended, strict=True)
    ]
    after[_NEUTRAL] = beliefs[_NEUTRAL] - from_neutral + from_others * BACK_TO_NEUTRAL
    return tuple(after)


def _lasts_s(mood: Emotion) -> float:
    return NEUTRAL_LASTS_S if mood is Emotion.NEUTRAL else OTHERS_LAST_S


def _p_face(face: Emotion, mood: Emotion, p_shown: float, p_neutral: float) -> float:
    """How likely people of a kind are to make this face in a mood."""
    anything = (1.0 - p_shown - p_neutral) / len(EMOTIONS)
    return anything + p_shown * (face is mood) + p_neutral * (face is Emotion.NEUTRAL)


_LASTS_S = [_lasts_s(mood) for mood in EMOTIONS]
_NEUTRAL, _OTHERS = EMOTIONS.index(Emotion.NEUTRAL), len(EMOTIONS) - 1
_TO_EACH_OTHER = (1.0 - BACK_TO_NEUTRAL) / (_OTHERS - 1)
