"""All English texts of the page, as its code and templates hold them."""

import ast
import inspect
import re
from pathlib import Path

from appliance.face_regions import REGIONS
from appliance.settings import keys, sections
from appliance.web import (
    actions,
    charts,
    machine,
    pair,
    player,
    settings,
    settings_form,
    sign,
    teach,
    upload,
    view,
)

WEB = Path(view.__file__).parent
TABLES = (
    view.IN_CHARGE,
    view.LOOKS,
    view.NAMES,
    view.SURE,
    view.UNCLEAR,
    actions.SAID,
    machine.KINDS,
    pair.PROBLEMS,
    settings_form.TITLES,
    sign.SAYS,
    teach.ASKED,
)
IN_TEMPLATE = re.compile(r'\b(?:_|count)\("((?:[^"\\]|\\.)*)"(?:, "((?:[^"\\]|\\.)*)")?')


def texts():
    found = {
        settings.REFUSED + ": {why}",
        charts.SONGS,
        charts.TOUCHES,
        *player.TEXTS,
        *upload.TEXTS,
        *REGIONS,
    }
    found |= {inspect.getdoc(section) for section in sections().values()}
    found |= {key.meaning for table in keys().values() for key in table.values()}
    for table in TABLES:
        found |= set(table.values())
    found |= {said for _, said in actions.PLAYER.values()}
    for template in WEB.glob("templates/*.html"):
        for one, many in IN_TEMPLATE.findall(template.read_text()):
            found |= {one, many}
    for module in WEB.glob("*.py"):
        found |= set(_in_code(ast.parse(module.read_text())))
    return found - {""}


def _in_code(tree):
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _is_say(call.func):
            yield from (
                argument.value
                for argument in call.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )


def _is_say(function):
    name = function.value if isinstance(function, ast.Attribute) else function
    return isinstance(name, ast.Name) and name.id in ("_", "say")
