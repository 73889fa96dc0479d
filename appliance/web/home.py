"""How it stands with the house's broker, in a sentence for the settings."""

from __future__ import annotations

from appliance.web.language import Language
from appliance.web.view import House


def broker_words(house: House, _: Language) -> tuple[str, bool] | None:
    """The sentence, and whether all is well; None where no broker is told anything."""
    home = house.settings.get("home", {})
    if house.status is None or not home.get("address") or home.get("share") == "off":
        return None
    if (told := house.status.get("broker")) is None:
        return _("Nobody tells how it stands with the broker: jukebox-home does not run."), False
    return _.of_jukebox(str(told["text"])), told["good"] is True
