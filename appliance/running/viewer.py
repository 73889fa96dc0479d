"""Whether the camera's picture is fit for reading faces, on request: looked at in a thread.

Only whether it is fit, and a sentence, leave this process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from appliance.build import build_thorough_detector
from appliance.errors import ControlError
from appliance.images import kept
from appliance.records import CameraAdvice, Frame, Picture
from appliance.settings import Settings
from appliance.vision.view import VIEW_EVERY_S, VIEWED_S, advice, view_of

Judge = Callable[[Sequence[Picture], Settings], CameraAdvice]


def judged(pictures: Sequence[Picture], settings: Settings) -> CameraAdvice:
    """What to do about the camera whose last pictures these are. Raises ModelError."""
    view = view_of(pictures, build_thorough_detector(settings), settings.faces)
    return advice(view, settings.faces.min_height_px, settings.camera.rotate_degrees)


class CameraViewer:
    """Judges a few pictures of the next moment. judge: as `judged`."""

    def __init__(self, judge: Judge = judged) -> None:
        self._judge = judge
        self._thread = ThreadPoolExecutor(1, "view")
        self._asked: Future[CameraAdvice] | None = None
        self._settings = Settings()
        self._pictures: list[Picture] = []
        self._until_s: float | None = None  # None: nobody wants a picture
        self._due_s = 0.0

    def begin(self, time_s: float, settings: Settings) -> Future[CameraAdvice]:
        """Begins to look; the result raises JukeboxError. Who asks meanwhile gets the same one."""
        if self._asked is None or self._asked.done():
            self._asked, self._settings, self._pictures = Future(), settings, []
            self._until_s, self._due_s = time_s + VIEWED_S, time_s
        return self._asked

    def note(self, frame: Frame) -> None:
        """Keeps a picture for a moment, if one is wanted; after the last one they are judged."""
        if self._asked is None or self._until_s is None:
            return
        if frame.luma is not None and frame.time_s >= self._due_s:
            self._pictures.append(kept(Picture(frame.luma, frame.chroma)))
            self._due_s = frame.time_s + VIEW_EVERY_S
        if frame.time_s >= self._until_s:
            self._until_s = None
            self._answer(self._asked)

    def close(self) -> None:
        """Looks no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _answer(self, asked: Future[CameraAdvice]) -> None:
        pictures, self._pictures = self._pictures, []
        if not pictures:
            asked.set_exception(ControlError("the camera gives no picture now"))
            return
        looking = self._thread.submit(self._judge, pictures, self._settings)
        looking.add_done_callback(lambda done: _pass_on(done, asked))


def _pass_on(done: Future[CameraAdvice], asked: Future[CameraAdvice]) -> None:
    if done.cancelled():  # at the end of the process, where nobody waits any more
        return
    if (error := done.exception()) is not None:
        asked.set_exception(error)
    else:
        asked.set_result(done.result())
