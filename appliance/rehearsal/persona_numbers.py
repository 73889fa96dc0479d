"""The numbers that the network knows of a simulated person's faces, by which it can be taught.

They are drawn in the space of taught people (vision/people.py). What the network answers is nearly
a linear map of them; personas.json has that map, as measured, so that numbers are drawn which would
be read as the person is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import Numbers
from appliance.vision.people import SPACE, read_space

Floats = npt.NDArray[np.float64]

# The variance, in each direction, of one person's faces with one expression, and of what is this
# person's way to show an emotion. Ten people have 1 and 0.55 in the mean of all directions, but
# mostly in few of them: drawn in all, 98 % of such faces would be read rightly after a lesson. With
# these two numbers that is as often as people's faces are (tests/test_honest_day.py).
ONE_EXPRESSION, OWN_WAY = 2.0, 0.05


class PersonaNumbers:
    """Of one person. random: decides them.

    measured: the part "inside" of personas.json. person, own: how far the readings of this person,
    and of each of their emotions beyond that, are from those of people on average. Raises
    ModelError if the space is not there.
    """

    def __init__(
        self,
        random: np.random.Generator,
        measured: Mapping[str, Any],
        person: Floats,
        own: Sequence[Floats],
    ) -> None:
        space = read_space()
        if space is None:
            raise ModelError(f"{SPACE}: not there; git checkout appliance")
        self._random = random
        self._read, self._unexplained = (
            np.array(measured["read"]),
            np.array(measured["unexplained"]),
        )
        together = self._read @ self._read.T + self._unexplained
        # The seven have nothing in common, so that there is no inverse.
        self._back = self._read.T @ np.linalg.pinv(together, rcond=1e-6)
        self._as_numbers = np.linalg.inv(space.whitening)
        moved = self._drawn(space.between, person)
        self._places = [
            mean + moved + self._drawn(OWN_WAY, of_emotion)
            for mean, of_emotion in zip(space.means, own, strict=True)
        ]

    def of(self, emotion: int, deviation: Floats) -> Numbers:
        """Those of a face. deviation: of its reading from this person's usual one."""
        place = self._places[emotion] + self._drawn(ONE_EXPRESSION, deviation)
        return np.asarray(np.maximum(place @ self._as_numbers, 0.0), np.float32)

    def _drawn(self, variance: float, reading: Floats) -> Floats:
        """A place with this variance in each direction, given what is read in it."""
        place = np.sqrt(variance) * self._random.standard_normal(self._read.shape[1])
        noise = self._random.multivariate_normal(
            np.zeros(len(reading)), variance * self._unexplained, check_valid="ignore"
        )
        return np.asarray(place + self._back @ (reading - self._read @ place - noise))
