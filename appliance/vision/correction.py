"""What a network's answer means for people unlike those whom it learned from.

The network learned from pictures off the web, most of them of western faces, and reads others
worse. Before its answer it knows 72 numbers of a face, which tell more than that. A linear map
takes both, the answer's evidence and the numbers, to what is likelier shown: multinomial logistic
regression, learned from people whom the network never saw and from held-out faces, drawn to the
network's own answer (`python -m convert.correction`; docs/lab-notebook.md has what else was tried).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt

from appliance.records import Numbers

Floats = npt.NDArray[np.float64]
LEAST = 1e-3  # of an answer less its prior: below it the network only says "no"


@dataclass(frozen=True, slots=True)
class Correction:
    """weights: float64 (7, 7 + n), of the evidence, then of n numbers; offset: float64 (7)."""

    weights: Floats
    offset: Floats

    @classmethod
    def of(
        cls,
        evidence: Sequence[Sequence[float]],
        numbers: Sequence[Sequence[float]],
        offset: Sequence[float],
    ) -> Correction:
        """The correction with these weights, seven rows each, as a card states them."""
        weights = np.hstack([np.array(evidence, np.float64), np.array(numbers, np.float64)])
        return cls(weights, np.array(offset, np.float64))

    def corrected(
        self, mean: Sequence[float], numbers: Numbers, evened: Sequence[float]
    ) -> tuple[float, ...]:
        """The probabilities, with sum 1, of which the mood filter divides the priors out again.

        mean: of all heads. numbers: of the same face. evened: the network's priors.
        """
        # Plain Python for seven numbers: each step of NumPy's takes longer than all of these.
        logs = [log(max(share / prior, LEAST)) for share, prior in zip(mean, evened, strict=True)]
        middle = sum(logs) / len(logs)
        features = np.empty(self.weights.shape[1])
        features[: len(logs)] = [number - middle for number in logs]
        features[len(logs) :] = numbers
        found = (self.weights @ features + self.offset).tolist()
        most = max(found)
        weighed = [exp(number - most) * prior for number, prior in zip(found, evened, strict=True)]
        total = sum(weighed)
        return tuple([number / total for number in weighed])


def centred(means: Floats, evened: Sequence[float]) -> Floats:
    """The evidence of many answers: logarithms without the priors, less their mean.

    means: float64 (n, 7) probabilities.
    """
    logs = np.log(np.maximum(means / np.asarray(evened), LEAST))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))
