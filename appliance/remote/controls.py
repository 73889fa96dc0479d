"""What people and programs may control, whichever way they ask."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

from appliance.decide.policy import MusicPolicy
from appliance.records import CameraAdvice, Emotion, FaceWeights, Step
from appliance.remote.status import Status


class Controls(Protocol):
    """What messages control: the music by the policy, and what the service does besides."""

    @property
    def policy(self) -> MusicPolicy:
        """The rules in force."""

    def status(self) -> Status:
        """The status after the last step."""

    def camera_off(self, off: bool) -> None:
        """Closes or opens the camera."""

    def keep_requests(self) -> bool:
        """Keeps what people asked for beyond this process. Returns whether that is possible."""

    def calibrate(self, time_s: float) -> str:
        """Begins to watch a resting face. Returns the answer."""

    def forget_calibration(self) -> str:
        """Undoes the calibration. Returns the answer."""

    def correct(self, told: Emotion) -> str:
        """Keeps that a person says that the room looks like this. Returns what is learned of it."""

    def teach(self, name: str, time_s: float, *, rest: bool) -> str:
        """Begins to teach a person's faces, or the one at rest. Returns the answer.

        Raises UsageError for such a name, ControlError if it cannot be done now.
        """

    def stop_teaching(self) -> str:
        """Ends the lesson. Returns the answer."""

    def people(self) -> dict[str, dict[str, float]]:
        """How many examples of each emotion are known, by name."""

    def forget_person(self, name: str) -> Future[int]:
        """Begins to forget a taught person. The result is how many emotions were known.

        Raises UsageError if nobody has this name.
        """

    def forget(self, from_unix_s: float, to_unix_s: float) -> Future[int]:
        """Begins to delete this time from the history. The result is how many rows are gone."""

    def reload(self) -> None:
        """Reads the settings again, after this step. Raises ControlError if that cannot be."""

    def scan(self, time_s: float, seconds: float, kind: str) -> Future[str]:
        """Begins to look for a QR code: "page" or "wifi". The result is its word, or "".

        Raises ControlError if the camera is off, or if somebody else waits for one.
        """

    def view(self, time_s: float) -> Future[CameraAdvice]:
        """Begins to look whether the camera's picture is fit for reading faces.

        Raises ControlError if the camera is off. The result raises JukeboxError.
        """

    def explain(self, step: Step) -> Future[list[FaceWeights]]:
        """Begins to find out what speaks for how the faces of this step look.

        Raises ControlError if there is no picture. The result raises ModelError.
        """
