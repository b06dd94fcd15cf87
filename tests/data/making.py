"""Files for the tests to read."""

import gzip
import io
import zipfile

import numpy as np
from PIL import Image


def image(mode="RGB", size=(8, 8), seed=0):
    """A picture of random pixels."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], bands), np.uint8)
    if mode == "1":
        return Image.fromarray(pixels[..., 0] > 127)
    return Image.frombytes(mode, size, pixels.tobytes())


def encoded(picture, format="PNG", **options):
    """The bytes of the picture's file."""
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def write(path, data=None, **options):
    """A file, with the folders it needs; without data, a random picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(image(**options)) if data is None else data)
    return path


def folder_of(root, *names, **options):
    """A folder of random pictures, each another one."""
    for seed, name in enumerate(names):
        write(root / name, seed=seed, **options)
    return root


def shades(root, names, size=(8, 8)):
    """A folder of plain grey pictures: the shade is the place of the name in the list."""
    for shade, name in enumerate(names):
        write(root / name, encoded(Image.new("L", size, shade)))
    return root


def zip_of(path, contents, **options):
    """A zip of these names and bytes."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def idx(array, packed=False):
    """The bytes of an IDX file."""
    header = bytes((0, 0, 8, array.ndim)) + b"".join(length.to_bytes(4, "big") for length in array.shape)
    data = header + array.astype(np.uint8).tobytes()
    return gzip.compress(data) if packed else data
