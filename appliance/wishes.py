"""What people want of the jukebox, as it outlives a restart: moments by the wall clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, cast

from appliance.listener import LISTENER_ACTIONS, NEVER, Charge, Listener, ListenerAction


@dataclass(frozen=True, slots=True)
class Wishes:
    """What people did and asked for. Moments are unix_s; 0: there is none.

    since: since when the person or the jukebox who is in charge is; action: the last thing that a
    person did to the player, "" for none. asleep: the sleep timer ran out, and nobody has asked for
    music since; sleep_at: when the timer runs out. asked_mood: the emotion that somebody asked for,
    "" for none. asked_until, acted_until: until when automatic changes are paused, because somebody
    asked for it or did something to the player; noted_at: when this was noted.
    """

    since: float = 0.0
    action: str = ""
    asleep: bool = False
    sleep_at: float = 0.0
    asked_mood: str = ""
    asked_until: float = 0.0
    acted_until: float = 0.0
    noted_at: float = 0.0

    @classmethod
    def of(
        cls,
        listener: Listener,
        *,
        asked_mood: str,
        asleep: bool,
        sleep_at_s: float,
        time_s: float,
        unix_s: float,
    ) -> Self:
        """The wishes at a moment, of which both clocks are given."""

        def moment(moment_s: float) -> float:
            left_s = moment_s - time_s
            return round(unix_s + left_s, 1) if 0 < left_s < NEVER else 0.0

        return cls(
            since=round(unix_s - (time_s - listener.since_s), 1),
            action=listener.action or "",
            asleep=asleep,
            sleep_at=moment(sleep_at_s),
            asked_mood=asked_mood,
            asked_until=moment(listener.asked_until_s),
            acted_until=moment(listener.acted_until_s),
            noted_at=round(unix_s, 1),
        )

    def left_s(self, moment: float, unix_s: float) -> float:
        """The seconds from now, unix_s, to one of the moments; 0 if it is past.

        A clock that is behind the time of the note is wrong: many machines without a battery start
        in the past. What was left when it was noted then counts anew.
        """
        return max(0.0, moment - max(unix_s, self.noted_at)) if moment else 0.0

    def listener(self, charge: Charge, time_s: float, unix_s: float) -> Listener:
        """Who is in charge after the restart; charge: as the player kept it; the moments: now."""
        action = self.action if self.action in LISTENER_ACTIONS else None
        past_s = max(0.0, unix_s - self.since) if self.since else 0.0
        return Listener(
            charge=charge,
            since_s=time_s - past_s,
            action=cast(ListenerAction | None, action),
            acted_until_s=time_s + (self.left_s(self.acted_until, unix_s) or -NEVER),
            asked_until_s=time_s + (self.left_s(self.asked_until, unix_s) or -NEVER),
        )
