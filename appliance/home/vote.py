"""How the house looks: each room in use has one vote, weighted by how many people are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from appliance.home.payload import shown
from appliance.records import EMOTIONS

State = Literal["settled", "uncertain", "nobody", "unknown"]
STATES = ("settled", "uncertain", "nobody", "unknown")
# A room tells how it looks every ten seconds; one that does not is not asked any more.
ROOM_AWAY_S = 30.0
LONGEST_NAME = 60
MOST_FACES = 99


@dataclass(frozen=True, slots=True)
class Room:
    """How a room looks. state: "unknown" without a camera. emotion: of a settled mood, else "".

    faces: how many were seen last. age_s: for how long it has looked like this.
    """

    name: str
    state: State
    emotion: str = ""
    faces: int = 0
    age_s: float = 0.0

    @classmethod
    def of_message(cls, told: Any) -> Self:
        """A room as another jukebox tells of it. Raises ValueError for anything else."""
        try:
            name, state, emotion = str(told["name"]), told["state"], told["emotion"]
            faces, age_s = int(told["faces"]), float(told["age_s"])
        except (TypeError, LookupError, OverflowError) as error:
            raise ValueError("it is no room") from error
        settled = state == "settled"
        if state not in STATES or settled != (emotion in EMOTIONS) or (not settled and emotion):
            raise ValueError("it is no room's mood")
        if not (0 <= faces <= MOST_FACES and 0 <= age_s < float("inf")):
            raise ValueError("it is no room's number")
        return cls(shown(name)[:LONGEST_NAME], state, emotion, faces, age_s)

    @property
    def is_in_use(self) -> bool:
        """Whether somebody is there."""
        return self.state in ("settled", "uncertain")


@dataclass(frozen=True, slots=True)
class HouseVote:
    """How the house looks; as Room. votes: how many people speak for each emotion."""

    state: State
    emotion: str
    faces: int
    votes: dict[str, int]


def vote(rooms: Iterable[Room], before: str = "") -> HouseVote:
    """How the house looks. before: its emotion until now, which stays where two are equally strong.

    A room that is uncertain, or whose camera is off, speaks for nothing.
    """
    rooms = list(rooms)
    in_use = [room for room in rooms if room.is_in_use]
    faces = sum(room.faces for room in in_use)
    votes: Counter[str] = Counter()
    for room in in_use:
        if room.emotion:
            votes[room.emotion] += max(1, room.faces)
    if not in_use:
        is_empty = any(room.state == "nobody" for room in rooms)
        return HouseVote("nobody" if is_empty else "unknown", "", 0, {})
    best = [emotion for emotion, count in votes.items() if count == max(votes.values())]
    emotion = best[0] if len(best) == 1 else before if before in best else ""
    return HouseVote("settled" if emotion else "uncertain", emotion, faces, dict(votes))
