"""A classifier that reads the people whom it was taught as they are, and all others as before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from appliance.protocols import Classifier
from appliance.records import EmotionScores, Face, Frame, Numbers, Priors, TaughtFace
from appliance.vision.people import (
    LEAST_FIT,
    FaceSpace,
    Profile,
    evidence_of,
    probabilities_of,
)

# Whose face it is, is asked of the mean of what was seen of it, in which older frames fade.
FIT_HALF_LIFE_S = 5.0
FORGET_S = 10.0  # a track unseen for longer never comes back


class Taught:
    """A classifier whose answers for taught people follow their profiles.

    classifier: with numbers in its scores; it may be replaced at any time. space: None where its
    network cannot be taught. priors: of the network. last: the untaught scores of the last frame.
    """

    def __init__(
        self,
        classifier: Classifier,
        space: FaceSpace | None,
        priors: Priors,
        faces: Iterable[TaughtFace] = (),
    ) -> None:
        self.classifier = classifier
        self.space = space
        self.priors = priors
        self.last: tuple[EmotionScores, ...] = ()
        self._kept = list(faces)
        self._profiles: dict[str, Profile] = {}
        self._tracks: dict[int, _Track] = {}
        self.use(space, priors)

    @property
    def profiles(self) -> Mapping[str, Profile]:
        """Of the taught people, by name; also of those whom another network knew."""
        return self._profiles

    def use(self, space: FaceSpace | None, priors: Priors) -> None:
        """Takes another network's space and priors. What was taught is kept for its own."""
        self.space, self.priors = space, priors
        names = {face.name for face in self._kept}
        self._tracks.clear()
        self._profiles = {}
        if space is not None:
            for name in sorted(names):
                own = [face for face in self._kept if face.name == name]
                self._profiles[name] = Profile(space, own)

    def learn(self, name: str, profile: Profile) -> None:
        """Reads a person by this profile from now on."""
        self._kept = [face for face in self._kept if face.name != name]
        self._kept += profile.faces.values()
        self._profiles[name] = profile
        self._tracks.clear()

    def forget(self, name: str) -> None:
        """Reads a person as everybody from now on."""
        self._kept = [face for face in self._kept if face.name != name]
        self._profiles.pop(name, None)
        self._tracks.clear()

    def person(self, track: int) -> str | None:
        """Whose profile applies to this face; None if none does."""
        known = self._tracks.get(track)
        return known.best() if known else None

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """The scores of each face, in the order of faces."""
        self.last = scores = self.classifier.classify(frame, faces)
        if not self._profiles or self.space is None:
            return scores
        self._tracks = {
            number: track
            for number, track in self._tracks.items()
            if frame.time_s - track.seen_s < FORGET_S
        }
        return tuple(self._read(frame.time_s, score) for score in scores)

    def _read(self, time_s: float, score: EmotionScores) -> EmotionScores:
        if score.numbers is None or score.picture:
            return score
        track = self._tracks.setdefault(score.face.track, _Track())
        if not score.unclear:  # a hand or a shadow is nobody's
            track.add(time_s, {n: p.fits(score.numbers) for n, p in self._profiles.items()})
        name = track.best()
        if name is None:
            return score
        return _read_as(self._profiles[name], score, score.numbers, self.priors.evened())


@dataclass(slots=True)
class _Track:
    """One face: how well each profile fits it, in the mean of what was seen."""

    fits: dict[str, float] = field(default_factory=dict)
    seen_s: float = float("-inf")
    _seconds: float = 0.0  # that the mean is of

    def add(self, time_s: float, fits: Mapping[str, float]) -> None:
        passed_s = min(max(time_s - self.seen_s, 0.0), 1.0)
        self._seconds = self._seconds * 0.5 ** (passed_s / FIT_HALF_LIFE_S) + passed_s
        share = passed_s / self._seconds if self.fits else 1.0
        for name, fit in fits.items():
            before = self.fits.get(name, fit)
            self.fits[name] = before + share * (fit - before)
        self.seen_s = time_s

    def best(self) -> str | None:
        name = max(self.fits, key=self.fits.__getitem__, default=None)
        return name if name is not None and self.fits[name] > LEAST_FIT else None


def _read_as(
    profile: Profile, score: EmotionScores, numbers: Numbers, evened: tuple[float, ...]
) -> EmotionScores:
    """The scores by a profile. The mood divides by the priors, so that they are put back for it."""
    logs = profile.logs(numbers, evidence_of(score.mean_probabilities, evened))
    shown = probabilities_of(logs)
    weighed = [share * prior for share, prior in zip(shown, evened, strict=True)]
    mean = tuple([share / sum(weighed) for share in weighed])
    return replace(score, probabilities=shown, mean_probabilities=mean)
