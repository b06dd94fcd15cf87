"""Features by a network in a file: TorchScript or ONNX."""

from __future__ import annotations

import io
import re
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from organza.errors import OrganzaError, UsageError
from organza.features.digests import read_whole
from organza.features.embedding import Embedding, no_logits
from organza.features.pictures import resize, to_colour
from organza.foreign import need, reason

SIZE = 224  # pixels on each side of the input, where neither the file nor its name says
_NAME = re.compile(r"(?P<path>.+\.(?P<kind>pt|onnx))(@(?P<size>[1-9]\d{0,4}))?")

Run = Callable[[Tensor], Any]


def is_network_file(name: str) -> bool:
    """Whether a name of features is one of a file: it ends in .pt or .onnx, or in that and @SIZE."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, eq=False)
class NetworkFileFeatures(Embedding):
    """What the network in a file says of a picture; maps are averaged over the picture.

    Attributes:
        name: The file's stem, the first eight digits of its SHA-256, and the size if it was asked for.
        run: The network: float32 [n, 3, H, W] in [-1, 1] -> [n, dim] or [n, dim, h, w].
        size: Height and width of its input.
        dim: Length of the embedding.
        sha256: Of the file.
        place: The device of the network.
    """

    name: str
    run: Run
    size: tuple[int, int]
    dim: int
    sha256: str
    place: torch.device
    classes: tuple[str, ...] = ()
    chunk: int = 64

    @property
    def resize(self) -> str:
        return f"{self.size[0]}x{self.size[1]} bilinear antialiased"

    @property
    def device(self) -> torch.device:
        return self.place

    def see(self, images: Tensor) -> tuple[Tensor, Tensor]:
        embedded = _output(self.name, self.run, resize(to_colour(images), self.size).contiguous())
        return embedded, no_logits(embedded)


@dataclass(frozen=True)
class NetworkFile:
    """A file with a network, as an entry that is in no table.

    Attributes:
        path: Ends in .pt (TorchScript) or .onnx.
        size: Pixels on each side of the input; None: as an ONNX file says, or else 224.
    """

    path: Path
    size: int | None = None

    @classmethod
    def of(cls, name: str) -> NetworkFile:
        """The entry for a name such as `network.onnx` or `folder/network.pt@96`.

        Raises:
            UsageError: It is no such name.
        """
        found = _NAME.fullmatch(name)
        if found is None:
            raise UsageError(
                f"'{name}' does not name a network file: it ends in .pt or .onnx, and may go on with @SIZE"
            )
        return cls(Path(found["path"]).expanduser(), int(found["size"]) if found["size"] else None)

    @property
    def name(self) -> str:
        size = "" if self.size is None else f"@{self.size}"
        return f"{self.path.stem}-{self.sha256[:8]}{size}"

    @property
    def summary(self) -> str:
        return f"the output of the network in {self.path.name}"

    @cached_property
    def sha256(self) -> str:
        """Of the file.

        Raises:
            OrganzaError: It cannot be read.
        """
        return self._read()[1]

    def load(self, device: torch.device | str = "cpu") -> NetworkFileFeatures:
        """The network, tried on two grey pictures. ONNX networks run on the CPU.

        Raises:
            OrganzaError: The file cannot be read, is no such network, takes no pictures, or makes no embedding; onnxruntime
                is not installed.
            UsageError: The size is not the network's.
        """
        data, digest = self._read()
        if digest != self.sha256:
            raise OrganzaError(f"{self.path} has changed since it was first read: start again")
        if self.path.suffix == ".onnx":
            device = "cpu"
            run, size = self._onnx(data)
        else:
            run, size = self._torchscript(data, device), (self.size or SIZE, self.size or SIZE)
        probe = torch.zeros(2, 3, *size, device=device)
        with torch.no_grad():
            dim = _output(str(self.path), run, probe).shape[1]
        return NetworkFileFeatures(self.name, run, size, dim, digest, torch.device(device))

    def _read(self) -> tuple[bytes, str]:
        return read_whole(self.path, "the network")

    def _torchscript(self, data: bytes, device: torch.device | str) -> Run:
        load: Any = torch.jit.load
        try:
            with warnings.catch_warnings(action="ignore", category=FutureWarning):  # such files will be around for long
                network: Run = load(io.BytesIO(data), map_location=device).eval()
        except (RuntimeError, ValueError) as error:
            raise OrganzaError(
                f"{self.path} is no TorchScript network, as torch.jit.save writes it ({reason(error, -1)})"
            ) from None
        return network

    def _onnx(self, data: bytes) -> tuple[Run, tuple[int, int]]:
        runtime = need("onnxruntime", "onnxruntime", "onnx", f"features '{self.path.name}'")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        try:
            with tempfile.TemporaryDirectory() as empty:
                # Weights may lie in a second file, whose changes the digest would not see: it is looked for in vain.
                options.add_session_config_entry("session.model_external_initializers_file_folder_path", empty)
                session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes have no base but this
            raise OrganzaError(
                f"{self.path} is no ONNX network that onnxruntime can run ({reason(error, -1)}); its weights must be in"
                " the same file, as torch.onnx.export writes it with external_data=False"
            ) from None
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise OrganzaError(
                f"{self.path} has {len(inputs)} inputs and {len(outputs)} outputs: features need one picture in and one"
                " embedding out"
            )
        size = self._onnx_size(inputs[0])
        return lambda images: torch.from_numpy(session.run(None, {inputs[0].name: images.numpy()})[0]), size

    def _onnx_size(self, given: Any) -> tuple[int, int]:
        """Height and width of the input: the network's own, or where it takes any, the one asked for."""
        shape = given.shape
        fits = len(shape) == 4 and (shape[1] == 3 or not isinstance(shape[1], int))
        if given.type != "tensor(float)" or not fits:
            raise OrganzaError(
                f"{self.path} takes {given.type} of shape {shape}: features need float32 pictures [n, 3, H, W]"
            )
        if isinstance(shape[0], int):
            raise OrganzaError(f"{self.path} takes {shape[0]} pictures at a time: export it with a dynamic batch")
        height, width = (side if isinstance(side, int) else self.size or SIZE for side in shape[2:])
        if self.size is not None and (height, width) != (self.size, self.size):
            raise UsageError(f"{self.path} takes pictures of {height}x{width} only: leave out @{self.size}")
        return height, width


def _output(what: str, run: Run, images: Tensor) -> Tensor:
    """The embedding [n, dim] of pictures, float32.

    Raises:
        OrganzaError: The network fails, or its output is none.
    """
    try:
        output = run(images)
    except Exception as error:  # what runs in there is somebody's
        raise OrganzaError(
            f"the network {what} does not take pictures of {images.shape[2]}x{images.shape[3]} ({reason(error, -1)});"
            " name another size as in file.pt@96"
        ) from None
    if not isinstance(output, Tensor):
        raise OrganzaError(f"the network {what} makes a {type(output).__name__}: features need one tensor [n, d]")
    if output.ndim not in (2, 4) or len(output) != len(images) or not output.is_floating_point():
        raise OrganzaError(
            f"the network {what} makes {output.dtype} of shape {list(output.shape)} of {len(images)} pictures:"
            " features need real numbers [n, d], or maps [n, d, h, w]"
        )
    output = output.float()
    return output if output.ndim == 2 else output.mean((2, 3))
