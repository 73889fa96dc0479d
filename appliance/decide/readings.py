"""When to read the faces of a frame; in the frames between, they are only followed."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.records import Face, Frame

# A face that shows the mood is read so often: in a calm room the camera itself gives no more than
# two frames a second. docs/speed.md has what fewer readings do to the moods.
EVERY_S = 0.25
# Whoever has just come is read in every frame: the first mood should be there at once.
COME_S = 2.0


class Readings:
    """Decides for each frame whether its faces are read."""

    def __init__(self) -> None:
        self._tracks: list[int] = []
        self._changed_s = float("-inf")  # when other faces were there than in the frame before
        self._due_s = float("-inf")

    def are_due(self, frame: Frame, faces: Sequence[Face]) -> bool:
        """Whether to read the faces of a frame; always if there is no picture, or new faces."""
        now_s, tracks = frame.time_s, [face.track for face in faces]
        if tracks != self._tracks:
            self._tracks, self._changed_s = tracks, now_s
        if frame.luma is not None and now_s >= self._changed_s + COME_S and now_s < self._due_s:
            return False
        self._due_s = now_s + EVERY_S
        return True

    def hurry(self) -> None:
        """Makes one due at the next frame."""
        self._due_s = float("-inf")
