"""The mood of the whole house, which counts instead of this room's while somebody tells it."""

from __future__ import annotations

from dataclasses import replace

from appliance.records import Mood

# A leader that says nothing for so long is away, and each room plays its own music. It speaks every
# five seconds.
LEADER_AWAY_S = 20.0


class HouseMood:
    """Keeps what the house's leader said last."""

    def __init__(self) -> None:
        self._mood: Mood | None = None
        self._told_s = 0.0
        self._sounds = False

    def tell(self, mood: Mood, time_s: float, *, sounds: bool = False) -> None:
        """The leader says that the house looks like this. since_s of the mood does not count.

        sounds: whether its music goes to all rooms, in step.
        """
        known = self._mood
        same = known is not None and (known.state, known.emotion) == (mood.state, mood.emotion)
        since_s = known.since_s if known is not None and same else time_s
        self._mood, self._told_s = replace(mood, since_s=since_s), time_s
        self._sounds = sounds

    def is_led(self, time_s: float) -> bool:
        """Whether there is a leader now."""
        return self._mood is not None and time_s - self._told_s < LEADER_AWAY_S

    def sounds(self, time_s: float) -> bool:
        """Whether the leader's music goes to all rooms now."""
        return self._sounds and self.is_led(time_s)

    def instead_of(self, own: Mood, time_s: float) -> Mood:
        """The mood by which to decide."""
        return self._mood if self._mood is not None and self.is_led(time_s) else own
