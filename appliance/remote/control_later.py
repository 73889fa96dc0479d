"""What takes a while at the control socket: begun now, and answered once it is known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from appliance.decide.phrases import counted
from appliance.errors import ControlError, UsageError
from appliance.records import CameraAdvice, FaceWeights, Step
from appliance.remote.control_history import range_of
from appliance.remote.control_line import Request
from appliance.remote.control_teaching import Teaching, person_forgotten
from appliance.remote.controls import Controls
from appliance.remote.messages import Answer

log = logging.getLogger("jukebox")

SCAN_S, LONGEST_SCAN_S = 20.0, 120.0


def begin(
    request: Request, step: Step, controls: Controls, *, is_trusted: bool
) -> tuple[Future[Any], Callable[[Any], Answer]]:
    """(the result, once it is known; a function that says it in words).

    is_trusted: whether root asks. Raises UsageError, ControlError.
    """
    match request.word:
        case "forget":
            begin_unix_s, end_unix_s = range_of("forget", request.arguments)
            log.info("asked to forget a part of the history")  # not which: that would tell of it
            return controls.forget(begin_unix_s, end_unix_s), _forgotten
        case "teach":
            gone = controls.forget_person(Teaching.of(request.arguments).name)
            log.info("asked to forget a person")  # not whom
            return gone, person_forgotten
        case "scan":
            return _scan(request.arguments, step, controls, is_trusted=is_trusted), _scanned
        case "view":
            return controls.view(step.frame.time_s), _viewed
    return controls.explain(step), _explained


def _scan(
    arguments: dict[str, Any], step: Step, controls: Controls, *, is_trusted: bool
) -> Future[str]:
    seconds = arguments.get("seconds", SCAN_S)
    if type(seconds) not in (int, float) or not 0 < seconds <= LONGEST_SCAN_S:
        raise UsageError(f"scan: seconds must be a number up to {LONGEST_SCAN_S:g}")
    kind = arguments.get("for", "page")
    if kind not in ("page", "wifi"):
        raise UsageError("scan: for must be page or wifi")
    if kind == "wifi" and not is_trusted:  # the code has a password in it
        raise ControlError("only root may ask for a Wi-Fi code")
    found = controls.scan(step.frame.time_s, float(seconds), kind)
    log.info("looking for a QR code: %s", kind)
    return found


def _forgotten(rows: int) -> Answer:
    return Answer(f"{counted(rows, 'row')} forgotten", {"rows": rows})


def _scanned(word: str) -> Answer:
    return Answer(
        "a code was read" if word else "no code was held before the camera", {"word": word}
    )


def _viewed(advice: CameraAdvice) -> Answer:
    return Answer(advice.text, {"fit": advice.is_fit})


def _explained(faces: list[FaceWeights]) -> Answer:
    told = (
        f"face {face.track}: for {face.emotion} spoke most the"
        f" {max(face.weights, key=lambda name: face.weights[name])}"
        for face in faces
    )
    return Answer("; ".join(told) or "no face", {"faces": [asdict(face) for face in faces]})
