"""What may lie between a face and the network: dusk, distance, a tilted head, a blurred picture.

`convert.evaluate` applies it to whole test pictures, before the jukebox's own preprocessing.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from convert.room import blurred, small, tilted

GRAY = 120.0  # contrast fades towards this gray
FACE_PX = 48  # blur is stated in pixels of a face of this side

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How pictures are made worse; by default not at all.

    tilt: degrees against the clock. blur: sigma of a Gaussian, in pixels of a face of 48 pixels.
    size: pixels of the side to which a face is shrunk, and enlarged again; 0: not at all.
    contrast: of the gray values' distance to 120 so much is left; brightness: of the gray values.
    """

    tilt: float = 0.0
    blur: float = 0.0
    size: int = 0
    contrast: float = 1.0
    brightness: float = 1.0

    def of(self, images: Pictures) -> Pictures:
        """The pictures with it, rounded and clipped: uint8 (n, side, side), as the images."""
        if astuple(self) == astuple(Disturbance()):
            return images
        lit = np.array([self._moved(image) for image in images], np.float32)
        for gain, shift in ((self.contrast, GRAY * (1 - self.contrast)), (self.brightness, 0.0)):
            lit = np.rint(lit * np.float32(gain) + np.float32(shift)).clip(0, 255)
        return lit.astype(np.uint8)

    def _moved(self, image: Pictures) -> Pictures:
        turned = tilted(image, self.tilt) if self.tilt else image
        soft = blurred(turned, self.blur * len(image) / FACE_PX)
        return small(soft, self.size) if self.size else soft
