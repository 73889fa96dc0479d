"""A classifier that reads simulated people as it reads one person, with the same errors all day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import hypot

import numpy as np

from appliance.protocols import Classifier
from appliance.records import Box, EmotionScores, Face, Frame, GrayImage
from appliance.rehearsal.living_room import LivingRoom, Visible
from appliance.rehearsal.persona import Expression, as_reading, probabilities_of
from appliance.rehearsal.room import OWNER, faded, wall

MIRRORED_TOO = 2  # the network reads every other frame mirrored
NONE = np.zeros(0, np.float32)  # of a network that gives no numbers


class PersonasClassifier:
    """The network's answers, with the errors of the people in a living room.

    A face that belongs to one of them is read as their persona says, but for what the light, the
    tilt, the hand and the camera do to the drawn picture: that is how much the network's answer to
    it differs from its answer to the same picture upright, well lit and sharp. All other faces, as
    those on the wall and on TV, are read as the network reads them.
    """

    def __init__(self, network: Classifier, room: LivingRoom) -> None:
        self._network, self._room = network, room
        self._undisturbed: dict[int, tuple[GrayImage, Expression]] = {}

    def classify(self, frame: Frame, faces: Sequence[Face]) -> tuple[EmotionScores, ...]:
        """How these faces look; the frame must be the room's last."""
        return tuple(self._as_person(score) for score in self._network.classify(frame, faces))

    def _as_person(self, score: EmotionScores) -> EmotionScores:
        person = self._person_at(score.face.box)
        if person is None:
            return score
        undisturbed, own = self._seen_of(person.picture), person.expression
        disturbance = as_reading(score.mean_probabilities) - undisturbed.reading
        read = probabilities_of(own.reading + disturbance)
        numbers = score.numbers
        if numbers is not None:
            numbers = np.maximum(own.numbers + numbers - undisturbed.numbers, np.float32(0.0))
        return replace(score, probabilities=read, mean_probabilities=read, numbers=numbers)

    def _person_at(self, box: Box) -> Visible | None:
        x, y = box.x + box.width / 2, box.y + box.height / 2
        for person in self._room.visible:
            if hypot(x - person.place.x, y - person.place.y) < person.place.side / 2:
                return person
        return None

    def _seen_of(self, picture: GrayImage) -> Expression:
        """What the network makes of a picture that nothing disturbs."""
        kept = self._undisturbed.get(id(picture))
        if kept is None:
            frame, left, top = wall().copy(), OWNER.x - OWNER.side // 2, OWNER.y - OWNER.side // 2
            frame[top : top + OWNER.side, left : left + OWNER.side] = faded(picture, OWNER.side)
            face = Face(Box(left, top, OWNER.side, OWNER.side), 1.0, 0)
            scores = [
                self._network.classify(Frame(0.0, 0.0, frame), (face,))[0]
                for _ in range(MIRRORED_TOO)
            ]
            readings = [as_reading(score.mean_probabilities) for score in scores]
            numbers = [score.numbers for score in scores if score.numbers is not None] or [NONE]
            seen = Expression(np.mean(readings, axis=0), np.mean(numbers, axis=0))
            kept = picture, seen
            self._undisturbed[id(picture)] = kept
        return kept[1]
