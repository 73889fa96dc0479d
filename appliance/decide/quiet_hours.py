"""A lower volume in the quiet hours, and the volume of before afterwards."""

from __future__ import annotations

from appliance.hours import within
from appliance.levels import percent_for
from appliance.records import Adjustment, Playback
from appliance.settings import VolumeSettings

# Percent. A mixer with few steps reports another volume than the one that it was set to.
MIXER_ROUNDS = 4


def in_percent(settings: VolumeSettings) -> int:
    """The highest volume of the quiet hours, as MPD's percent.

    quiet_max is how loud it may be heard. 30 percent of MPD's own mixer are 27 dB softer than all
    of it, which is a seventh as loud and hardly to be heard.
    """
    is_heard = settings.mixer == "software"
    percent = percent_for(settings.quiet_max / 100) if is_heard else settings.quiet_max
    return min(percent, settings.max)


class QuietHours:
    """Knows what to do about the volume; a volume that a person chose in these hours stays."""

    def __init__(self) -> None:
        self._chosen = False  # by a person, in these quiet hours

    def adjustment(
        self,
        settings: VolumeSettings,
        unix_s: float,
        playback: Playback,
        *,
        held: bool,
        heard: bool,
    ) -> Adjustment | None:
        """What to do now; None leaves the volume as it is. To be called at every frame.

        held: automatic changes are paused. heard: music has already been playing, so people know
        how loud it is.
        """
        quiet = within(settings.quiet_hours, unix_s)
        self._chosen = quiet and (self._chosen or playback.listener_action == "volume")
        now, before = playback.volume_percent, playback.volume_before
        if now is None or self._chosen or held:
            return None
        quiet_max = in_percent(settings)
        lowered = before is not None and abs(now - quiet_max) <= MIXER_ROUNDS
        if quiet:
            if now > quiet_max and not lowered:
                # A volume that nobody has heard yet may be too loud in the morning, too.
                restored = now if heard else min(now, settings.start)
                return Adjustment("volume", "quiet hours", quiet_max, restored)
        elif before is not None and lowered:
            return Adjustment("volume", "the quiet hours are over", min(before, settings.max))
        return None
