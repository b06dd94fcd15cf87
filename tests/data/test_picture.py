import io
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps

from organza.data.picture import HEAD, Refused, read, sniff, to_8_bits, to_channels, without_warnings
from organza.data.problems import KINDS

from .making import encoded, image


def refusal(data, name="a.png"):
    with pytest.raises(Refused) as refused:
        read(data, name)
    assert refused.value.kind in KINDS
    return refused.value.kind


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM", "GIF", "WEBP"])
def test_lossless_formats_come_back_exactly(format):
    original = image("L") if format == "GIF" else image("RGB")
    options = {"lossless": True} if format == "WEBP" else {}
    found = read(encoded(original, format, **options), "no-suffix")
    assert found.flags == ()
    assert np.array_equal(np.asarray(found.image.convert("RGB")), np.asarray(original.convert("RGB")))


@pytest.mark.parametrize("format", ["JPEG", "JPEG2000", "AVIF"])
def test_other_formats_are_recognised_by_their_content(format):
    data = encoded(image(size=(32, 32)), format)
    assert sniff(data[:HEAD], "picture") == format
    assert read(data, "picture").image.size == (32, 32)


@pytest.mark.parametrize(
    ("mode", "normal", "colour"),
    [("1", "L", False), ("L", "L", False), ("LA", "RGBA", False), ("RGB", "RGB", True), ("RGBA", "RGBA", True)],
)
def test_modes_become_three(mode, normal, colour):
    original = image(mode)
    found = read(encoded(original), "a.png")
    assert (found.image.mode, found.colour, found.flags) == (normal, colour, ())
    assert np.array_equal(np.asarray(found.image), np.asarray(original.convert(normal)))


def test_a_palette_becomes_colour_and_its_transparency_alpha():
    colours = Image.new("P", (2, 1))
    colours.putpalette([10, 20, 30, 40, 50, 60])
    colours.putpixel((1, 0), 1)
    plain = read(encoded(colours), "a.png").image
    assert plain.mode == "RGB"
    assert [plain.getpixel((x, 0)) for x in (0, 1)] == [(10, 20, 30), (40, 50, 60)]
    clear = read(encoded(colours, transparency=1), "a.png").image
    assert clear.mode == "RGBA"
    assert [clear.getpixel((x, 0)) for x in (0, 1)] == [(10, 20, 30, 255), (40, 50, 60, 0)]


def test_a_transparent_colour_becomes_alpha():
    found = read(encoded(Image.new("RGB", (2, 2), (1, 2, 3)), transparency=(1, 2, 3)), "a.png")
    assert found.image.mode == "RGBA"
    assert found.image.getpixel((0, 0))[3] == 0


def test_cmyk_becomes_rgb():
    found = read(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "TIFF"), "a.tif")
    assert (found.image.mode, found.flags) == ("RGB", ("cmyk",))
    assert found.image.getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize(("mode", "clear"), [("RGB", True), ("L", False)])
def test_an_alpha_channel_that_hides_nothing_is_left_out(mode, clear):
    original = image(mode)
    opaque = original.copy()
    opaque.putalpha(255)
    found = read(encoded(opaque, "PNG"), "a.png")
    assert (found.image.mode, found.colour) == ("RGB", clear)
    assert np.array_equal(np.asarray(found.image), np.asarray(original.convert("RGB")))
    opaque.putpixel((0, 0), (*opaque.getpixel((0, 0))[:-1], 254))
    assert read(encoded(opaque, "PNG"), "a.png").image.mode == "RGBA"


@pytest.mark.parametrize("format", ["PNG", "TIFF", "PPM"])
def test_16_bit_grey_is_scaled_and_not_clipped(format):
    values = np.array([[0, 257, 1000, 32768, 65535]], np.uint16)
    found = read(encoded(Image.fromarray(values), format), "deep")
    assert (found.image.mode, found.colour, found.flags) == ("L", False, ("16-bit",))
    assert np.asarray(found.image).tolist() == [[0, 1, 4, 128, 255]]


@settings(deadline=None)
@given(arrays(np.uint16, (1, 64)))
def test_16_bit_conversion_is_monotone_and_undoes_widening(values):
    values = np.sort(values)
    assert (np.diff(to_8_bits(values).astype(int)) >= 0).all()
    narrow = (values >> 8).astype(np.uint8)
    assert np.array_equal(to_8_bits(narrow.astype(np.uint16) * 257), narrow)


def test_integers_and_fractions_of_unknown_range_are_refused():
    assert refusal(encoded(Image.fromarray(np.full((2, 2), 70_000, np.int32)), "TIFF")) == "unsupported-pixels"
    assert refusal(encoded(Image.fromarray(np.full((2, 2), -1, np.int32)), "TIFF")) == "unsupported-pixels"
    assert refusal(encoded(Image.fromarray(np.full((2, 2), 0.5, np.float32)), "TIFF")) == "unsupported-pixels"


def test_of_an_animation_the_first_frame_is_taken():
    first, second = Image.new("L", (4, 4), 10), Image.new("L", (4, 4), 200)
    found = read(encoded(first, "GIF", save_all=True, append_images=[second]), "a.gif")
    assert found.flags == ("animated",)
    assert found.image.convert("L").getpixel((0, 0)) == 10
    assert read(encoded(first, "GIF"), "a.gif").flags == ()
    photograph_with_preview = encoded(first, "MPO", save_all=True, append_images=[second])
    assert Image.open(io.BytesIO(photograph_with_preview)).is_animated
    assert read(photograph_with_preview, "a.jpg").flags == ()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "I;16"])
def test_pictures_are_turned_upright(orientation, mode):
    original = (
        image("RGB", (6, 4)) if mode == "RGB" else Image.fromarray(np.arange(24, dtype=np.uint16).reshape(4, 6) * 257)
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(original, exif=exif)
    found = read(data, "a.png")
    assert ("rotated" in found.flags) == (orientation > 1)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    assert np.array_equal(np.asarray(found.image), expected if mode == "RGB" else expected // 257)
    assert found.image.size == ((6, 4) if orientation < 5 else (4, 6))


def test_a_broken_exif_block_does_no_harm():
    data = encoded(image(size=(16, 16)), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01")
    with without_warnings():
        assert read(data, "a.jpg").image.size == (16, 16)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "PPM"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_truncated_file_is_found(format, kept):
    data = encoded(image(size=(64, 64)), format)
    read(data, "whole")
    assert refusal(data[: int(len(data) * kept)], f"cut.{format}") == "damaged"


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]))
def test_whatever_follows_a_signature_is_read_or_refused(rubbish, format):
    kind = "read"
    with without_warnings():
        try:
            read(encoded(image(), format)[:12] + rubbish, "rubbish")
        except Refused as refused:
            kind = refused.kind
    assert kind == "read" or kind in KINDS


def test_what_is_no_picture():
    assert refusal(b"<html>404</html>", "a.jpg") == "not-an-image"
    assert refusal(b"", "a.jpg") == "not-an-image"
    assert refusal(b"BMW, a maker of cars, in some sentence", "notes.txt") == "not-an-image"
    assert refusal(b"BMW, a maker of cars, in some sentence", "notes.bmp") == "damaged"


def test_formats_that_are_known_and_not_read():
    assert refusal(b"\0\0\0\x18ftypheic" + bytes(20), "IMG_1.HEIC") == "unsupported-format"
    negative = encoded(image(), "TIFF")
    assert refusal(negative, "camera.DNG") == "unsupported-format"  # it would open, as a small preview
    assert read(negative, "camera.tif").image.size == (8, 8)


def test_a_format_that_this_pillow_was_built_without(monkeypatch):
    data = encoded(image(), "WEBP")
    monkeypatch.setattr("PIL.features.check", lambda feature: feature != "webp")
    assert refusal(data, "a.webp") == "unsupported-format"


def test_decompression_bombs_are_refused_where_pillow_refuses_them(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    assert refusal(encoded(image(size=(11, 10)))) == "too-large"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with without_warnings():
            assert read(encoded(image(size=(10, 10))), "a.png").image.size == (10, 10)


def test_transparency_goes_over_white():
    red = Image.new("RGBA", (1, 1), (255, 0, 0, 0))
    assert to_channels(red, 3).getpixel((0, 0)) == (255, 255, 255)
    assert to_channels(red, 1).getpixel((0, 0)) == 255
    assert to_channels(red, 4).getpixel((0, 0)) == (255, 0, 0, 0)
    half = Image.new("RGBA", (1, 1), (255, 0, 0, 128))
    assert to_channels(half, 3).getpixel((0, 0)) == (255, 127, 127)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_grey_survives_any_number_of_channels(channels):
    grey = image("L")
    assert np.array_equal(np.asarray(to_channels(to_channels(grey, channels), 1)), np.asarray(grey))
