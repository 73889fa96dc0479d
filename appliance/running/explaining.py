"""Why the faces in sight look as they do, on request: computed in a thread, so that no frame waits.

Of each face, only how much each of its sixteen regions spoke leaves this process: no pixel, and no
map that is made of one person's pixels.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from appliance.errors import ControlError
from appliance.records import EmotionScores, FaceWeights, GrayImage, Step

MOST_FACES = 4


class FaceExplainer:
    """Explains the faces of a step. The network that does it is loaded for each request."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "why")
        self._running: Future[list[FaceWeights]] | None = None

    def begin(self, step: Step, model: Path) -> Future[list[FaceWeights]]:
        """Begins to explain the weightiest faces. Raises ControlError if there is no picture.

        model: the file of the network that reads the faces. The result raises ModelError. Who asks
        meanwhile gets the same answer.
        """
        if self._running is not None and not self._running.done():
            return self._running
        if step.frame.luma is None:
            raise ControlError("the camera gives no picture now")
        people = [scores for scores in step.scores if not scores.picture]
        weightiest = sorted(people, key=lambda scores: -scores.weight)[:MOST_FACES]
        self._running = self._thread.submit(_explain, step.frame.luma.copy(), weightiest, model)
        return self._running

    def close(self) -> None:
        """Explains nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _explain(luma: GrayImage, faces: list[EmotionScores], model: Path) -> list[FaceWeights]:
    # A tool, which a jukebox that nobody asks never loads.
    from appliance.why.explainer import Explainer  # noqa: PLC0415
    from appliance.why.weights import weights  # noqa: PLC0415

    if not faces:
        return []
    explainer = Explainer(model)
    explained = (explainer.explain(luma, scores) for scores in faces)
    return [
        FaceWeights(found.scores.face.track, found.emotion, weights(found.heat))
        for found in explained
    ]
