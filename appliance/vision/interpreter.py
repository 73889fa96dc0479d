"""One TFLite interpreter, whichever runtime package is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from appliance.errors import ModelError

RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")


class Interpreter:
    """Runs one network.

    model: the file's path, or its bytes (so that what was checked is what runs) and its name.
    input_shapes, output_shapes: of all its inputs and outputs, in the order of the file. Raises
    ModelError if the runtime cannot read the network or there is no runtime.
    """

    def __init__(self, model: Path | bytes, name: str = "the model") -> None:
        content = model.read_bytes() if isinstance(model, Path) else model
        name = str(model) if isinstance(model, Path) else name
        try:
            with _silence():
                # For networks this small two threads are slower, or erratic (measured).
                self._interpreter = _runtime().Interpreter(model_content=content, num_threads=1)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{name} is not a model this runtime can read: {error}") from error
        self._inputs = self._interpreter.get_input_details()
        self._outputs = self._interpreter.get_output_details()
        self.input_shapes = tuple(_shape(tensor) for tensor in self._inputs)
        self.output_shapes = tuple(_shape(tensor) for tensor in self._outputs)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of the first input, which for most networks is the only one."""
        return self.input_shapes[0]

    def run(self, *inputs: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], ...]:
        """All outputs, as real numbers of the shapes output_shapes.

        inputs: real numbers of the shapes input_shapes. For a network with quantized inputs or
        outputs, both are converted here.
        """
        self._invoke(*inputs)
        return tuple(self._dequantized(tensor) for tensor in self._outputs)

    def run_for(self, output: int, *inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """One of the outputs. output: its index. inputs: as for run()."""
        self._invoke(*inputs)
        return self._dequantized(self._outputs[output])

    def _invoke(self, *inputs: npt.NDArray[np.float32]) -> None:
        for values, tensor in zip(inputs, self._inputs, strict=True):
            self._interpreter.set_tensor(tensor["index"], _quantized(values, tensor))
        self._interpreter.invoke()

    def _dequantized(self, tensor: dict[str, Any]) -> npt.NDArray[np.float32]:
        return _real(self._interpreter.get_tensor(tensor["index"]), tensor)


def runtime_name() -> str:
    """The package that runs the networks. Raises ModelError if there is none."""
    return str(_runtime().__name__).partition(".")[0]


@contextmanager
def _silence() -> Iterator[None]:
    """Nothing on stderr: the runtime greets each network with a line that no setting turns off.

    The runtime raises its errors as well as it prints them, so that none is missed.
    """
    sys.stderr.flush()
    before = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


def _runtime() -> Any:
    for name in RUNTIMES:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise ModelError(
        "no TFLite runtime is installed; run ./setup.sh, or:"
        f" {sys.executable} -m pip install 'ai-edge-litert>=2.1.1,<2.1.2'"
    )


def _shape(tensor: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(length) for length in tensor["shape"])


def _quantized(values: npt.NDArray[np.float32], tensor: dict[str, Any]) -> npt.NDArray[Any]:
    scale, zero_point = tensor["quantization"]
    if not scale:
        return values
    limits = np.iinfo(tensor["dtype"])
    steps = np.rint(values * np.float32(1.0 / scale) + np.float32(zero_point))
    return np.asarray(np.clip(steps, limits.min, limits.max), tensor["dtype"])


def _real(values: npt.NDArray[Any], tensor: dict[str, Any]) -> npt.NDArray[np.float32]:
    scale, zero_point = tensor["quantization"]
    if not scale:
        return np.asarray(values, np.float32)
    return (values.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
