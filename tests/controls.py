"""A jukebox that only notes what it is asked for, and a step that a frame of it led to."""

import threading
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict
from queue import SimpleQueue

import numpy as np

from appliance.decide.policy import MusicPolicy
from appliance.errors import UsageError
from appliance.records import (
    Box,
    CameraAdvice,
    Emotion,
    EmotionScores,
    Face,
    FaceWeights,
    Frame,
    Mood,
    Playback,
    Step,
)
from appliance.remote.control import ControlServer
from appliance.remote.status import Status
from appliance.settings import Settings

HAPPY = Emotion.HAPPY
PLAYING = Playback("play", "Sunny", HAPPY, 50.0, 0)
LAUGHS = (0.01, 0.0, 0.02, 0.9, 0.0, 0.06, 0.01)
LAUGH = EmotionScores(Face(Box(0, 0, 9, 9), 1.0, 3), LAUGHS, LAUGHS, 1.0)
STEP = Step(
    Frame(1000.0, 0.0, np.zeros((9, 9), np.uint8)),
    (LAUGH,),
    Mood("settled", HAPPY, 0.9, 1, 0.0),
    PLAYING,
    None,
)

# As the control socket tells of a room.
STATUS = asdict(
    Status(
        mood="1 face: the room looks happy", emotion="happy", faces=1, camera="reel", player="play",
        title="happy/kite.opus", playlist="happy", listener_in_charge=False, asked="sad",
        reason="the room looks happy", refusal="MPD refuses playlist fear", sure="very",
        state="settled",
    )
)  # fmt: skip


class RecordingControls:
    """Records what messages ask for."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.policy = MusicPolicy(settings or Settings())
        self.off: bool | None = None
        self.keeps = True
        self.calibrations: list[object] = []
        self.corrections: list[Emotion] = []
        self.reloads = 0
        self.learned = ""
        self.lessons: list[tuple[str, bool]] = []
        self.forgotten: list[tuple[float, float]] = []

    def status(self) -> Status:
        return Status.of(
            STEP,
            camera="a camera",
            policy=self.policy,
            reason="the room looks happy",
            frames_per_second=5.0,
            frame_rate_reason="",
        )

    def camera_off(self, off: bool) -> None:
        self.off = off

    def keep_requests(self) -> bool:
        """Notes whether it was asked to keep them; see keeps."""
        return self.keeps

    def calibrate(self, time_s: float) -> str:
        self.calibrations.append(time_s)
        return "look at the camera"

    def forget_calibration(self) -> str:
        return "faces are read as they are"

    def correct(self, told: Emotion) -> str:
        self.corrections.append(told)
        return self.learned

    def teach(self, name: str, time_s: float, *, rest: bool) -> str:
        self.lessons.append((name, rest))
        return f"{name}: sit down"

    def stop_teaching(self) -> str:
        self.lessons.append(("", False))
        return "the lesson ends"

    def people(self) -> dict[str, dict[str, float]]:
        return {"Ann": {"happy": 2.0, "sad": 2.5}}

    def forget_person(self, name: str) -> Future[int]:
        if name != "Ann":
            raise UsageError(f"nobody is known as {name!r}")
        done: Future[int] = Future()
        done.set_result(2)
        return done

    def forget(self, from_unix_s: float, to_unix_s: float) -> Future[int]:
        self.forgotten.append((from_unix_s, to_unix_s))
        done: Future[int] = Future()
        done.set_result(3)
        return done

    def reload(self) -> None:
        self.reloads += 1

    def scan(self, time_s: float, seconds: float, kind: str) -> Future[str]:
        self.looked_for = kind
        self.scanned: Future[str] = Future()
        return self.scanned

    def view(self, time_s: float) -> Future[CameraAdvice]:
        self.viewed: Future[CameraAdvice] = Future()
        return self.viewed

    def explain(self, step: Step) -> Future[list[FaceWeights]]:
        self.explained: Future[list[FaceWeights]] = Future()
        return self.explained


@contextmanager
def serving(listeners, step=STEP):
    """A jukebox that takes a step a hundred times a second, and what it is asked to do.

    tell(event, …): lets it tell subscribers between two steps, in its own thread as the service.
    """
    server, controls, over = ControlServer(listeners), RecordingControls(), threading.Event()
    events: SimpleQueue[tuple[str, dict[str, object]]] = SimpleQueue()

    def tell(name, **more):
        events.put((name, more))

    def run():
        while not over.wait(0.01):
            while not events.empty():
                name, more = events.get()
                server.tell(name, **more)
            server.serve(step, controls)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield tell, controls
    finally:
        over.set()
        thread.join()
        server.close()
