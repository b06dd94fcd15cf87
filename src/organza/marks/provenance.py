"""The provenance mark: what organza writes into every picture and video, and reading it back.

A picture says in a machine-readable way that it was generated (specs of the EU AI Act's article 50(2) and of IPTC):

* a JSON object: ai_generated, model, weights_sha256, seed, version, and what else is known. In PNG it is an iTXt chunk
  `organza`, in JPEG and GIF a comment, in WebP an element of the XMP packet, in a video its container's comment;
* an XMP packet with Iptc4xmpExt:DigitalSourceType = trainedAlgorithmicMedia, in pictures.

There is no time stamp in it, so that the same seed gives the same bytes. Metadata can be stripped: a missing mark
proves nothing.
"""

from __future__ import annotations

import html
import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PIL.PngImagePlugin import PngInfo

from organza.errors import OrganzaError
from organza.version import __version__

KEY, XMP_KEY = "organza", "XML:com.adobe.xmp"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
PLAIN_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
NAMESPACE = "urn:organza:mark"
ELEMENT = re.compile(rb"<organza:mark>(.*?)</organza:mark>", re.DOTALL)
COMMENT = "organza "
"""What a comment with a mark begins with."""
HEAD = 16  # bytes that tell a video from a picture
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Mark:
    """Where a picture comes from.

    Attributes:
        model: Name of the recipe or model.
        weights_sha256: Digest of the weights that made it.
        seed: Seed that it was made from.
        details: What else is known, as the index within the seed or the images seen by the model.
        version: Of the organza that wrote it.
        ai_generated: False only for pictures of real data that organza has rearranged, such as a grid of them.
    """

    model: str
    weights_sha256: str
    seed: int
    details: dict[str, int | str] = field(default_factory=dict)
    version: str = __version__
    ai_generated: bool = True

    @property
    def text(self) -> str:
        """The JSON object."""
        return json.dumps(asdict(self), sort_keys=True)

    def chunks(self) -> PngInfo:
        """The mark as text chunks for Pillow's PNG writer."""
        info = PngInfo()
        info.add_itxt(KEY, self.text)
        if self.ai_generated:
            info.add_itxt(XMP_KEY, XMP)
        return info

    def comment(self) -> str:
        """The mark as a comment, for files that have one line of text to spare."""
        return COMMENT + self.text

    def packet(self) -> bytes:
        """The mark within an XMP packet, for Pillow's JPEG and WebP writers."""
        own = (
            f'<rdf:Description rdf:about="" xmlns:organza="{NAMESPACE}"><organza:mark>{html.escape(self.text, quote=False)}'
            "</organza:mark></rdf:Description>\n</rdf:RDF>"
        )
        return (XMP if self.ai_generated else PLAIN_XMP).replace("</rdf:RDF>", own).encode()


def read_mark(path: Path) -> Mark | None:
    """The mark of a PNG, JPEG, WebP or GIF picture or of a video, or None where it has none. Decodes no pixel.

    Raises:
        OrganzaError: The file cannot be read, its mark was altered, or it is a video and PyAV is missing.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            if is_video(head):
                return _parsed(video_comment(path), path)
            data = head + file.read()
    except OSError as error:
        raise OrganzaError(f"cannot read {path}: {error.strerror}") from None
    if data.startswith(SIGNATURE):
        return _parsed(dict(reversed([*text_chunks(data)])).get(KEY), path)
    comments, packets = [*jpeg_comments(data), *gif_comments(data)], [*webp_chunks(data, b"XMP "), *gif_packets(data)]
    found = [text.removeprefix(COMMENT) for text in comments if text.startswith(COMMENT)]
    found += [html.unescape(text.decode("utf-8", "replace")) for packet in packets for text in ELEMENT.findall(packet)]
    return _parsed(found[0] if found else None, path)


def _parsed(text: str | None, path: Path) -> Mark | None:
    if text is None:
        return None
    try:
        return Mark(**json.loads(text))
    except (TypeError, ValueError):
        raise OrganzaError(f"{path} has a mark of organza that cannot be read: it was altered") from None


def is_video(head: bytes) -> bool:
    """Whether the first `HEAD` bytes of a file are those of an MP4, QuickTime, Matroska, WebM or AVI video."""
    if head[4:8] == b"ftyp":
        return head[8:12] not in (b"avif", b"avis", b"mif1", b"heic", b"heix")
    return head.startswith(b"\x1aE\xdf\xa3") or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")


def video_comment(path: Path) -> str | None:
    """The JSON text in a video's comment, or None where there is none.

    Raises:
        OrganzaError: PyAV is missing, or the file cannot be opened.
    """
    try:
        import av
    except ImportError:
        raise OrganzaError(f"to read videos such as {path}: pip install 'organza[pictures]'") from None
    try:
        with av.open(str(path)) as container:
            comment = next((text for key, text in container.metadata.items() if key.lower() == "comment"), "")
    except (av.error.FFmpegError, ValueError) as error:
        raise OrganzaError(f"cannot read {path} as a video: {getattr(error, 'strerror', error)}") from None
    return comment.removeprefix(COMMENT) if comment.startswith(COMMENT) else None


def jpeg_comments(data: bytes) -> Iterator[str]:
    """The comments of a JPEG file (ITU-T T.81, B.2.4.5), up to where its pixels begin."""
    position = 2
    if not data.startswith(b"\xff\xd8"):
        return
    while position + 4 <= len(data) and data[position] == 0xFF:
        kind = data[position + 1]
        if kind == 0xFF:  # a fill byte
            position += 1
            continue
        if kind == 0xDA:
            return
        (length,) = struct.unpack_from(">H", data, position + 2)
        if kind == 0xFE:
            yield data[position + 4 : position + 2 + length].decode("utf-8", "replace")
        position += 2 + length


def webp_chunks(data: bytes, wanted: bytes) -> Iterator[bytes]:
    """The contents of a WebP file's chunks of one kind (RFC 9649, 2.3)."""
    if not (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        return
    position = 12
    while position + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, position + 4)
        if data[position : position + 4] == wanted:
            yield data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2


@dataclass(frozen=True)
class Extension:
    """An extension block of a GIF file (GIF89a specification, sections 23 to 26).

    Attributes:
        label: What kind it is, as `GIF_COMMENT`.
        parts: Its sub-blocks.
        place: Where it begins within the file.
        end: Where it ends.
    """

    label: int
    parts: tuple[bytes, ...]
    place: int
    end: int


GIF_COMMENT, GIF_APPLICATION = 0xFE, 0xFF
GIF_XMP = b"XMP DataXMP"
GIF_TRAILER = bytes([1, *range(255, -1, -1), 0])
"""What follows an XMP packet, which is not cut into sub-blocks (XMP specification, part 3): from wherever within the packet
a reader takes a byte for the length of a sub-block, it ends up at the last byte of these."""


def gif_extensions(data: bytes) -> Iterator[Extension]:
    """The extension blocks of a GIF file that can be reached, in their order, those between the pictures included."""
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 13:
        return
    position = 13 + _palette(data[10])
    while position < len(data):
        if data[position] == 0x21 and position + 1 < len(data):
            parts, end = _sub_blocks(data, position + 2)
            yield Extension(data[position + 1], parts, position, end)
            position = end
        elif data[position] == 0x2C and position + 9 < len(data):
            # A picture: its descriptor, its palette, one byte of code size, its pixels.
            position = _sub_blocks(data, position + 11 + _palette(data[position + 9]))[1]
        else:
            return


def _palette(flags: int) -> int:
    """How many bytes of colours follow a descriptor with these flags."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(data: bytes, position: int) -> tuple[tuple[bytes, ...], int]:
    """The sub-blocks from a position on, and where they end."""
    parts = []
    while position < len(data) and data[position]:
        parts.append(data[position + 1 : position + 1 + data[position]])
        position += 1 + data[position]
    return tuple(parts), position + 1


def gif_comments(data: bytes) -> Iterator[str]:
    """The comments of a GIF file."""
    for extension in gif_extensions(data):
        if extension.label == GIF_COMMENT:
            yield b"".join(extension.parts).decode("utf-8", "replace")


def gif_packets(data: bytes) -> Iterator[bytes]:
    """The XMP packets of a GIF file."""
    for extension in gif_extensions(data):
        if extension.label == GIF_APPLICATION and extension.parts[:1] == (GIF_XMP,):
            yield data[extension.place + 3 + len(GIF_XMP) : extension.end].removesuffix(GIF_TRAILER)


def with_packet(data: bytes, packet: bytes) -> bytes:
    """A GIF file with an XMP packet in front of its first picture."""
    place = 13 + _palette(data[10])
    for extension in gif_extensions(data):  # behind the comment, and what says how often the animation is repeated
        if extension.place != place or extension.label not in (GIF_COMMENT, GIF_APPLICATION):
            break
        place = extension.end
    block = bytes([0x21, GIF_APPLICATION, len(GIF_XMP)]) + GIF_XMP + packet + GIF_TRAILER
    return data[:place] + block + data[place:]


def text_chunks(data: bytes) -> Iterator[tuple[str, str]]:
    """(keyword, text) of every iTXt chunk of a PNG file whose checksum holds (PNG specification, 11.3.3.4)."""
    if not data.startswith(SIGNATURE):
        return
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        kind, content = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        checksum = data[position + 8 + length : position + 12 + length]
        position += 12 + length
        if kind != b"iTXt" or checksum != struct.pack(">I", zlib.crc32(kind + content)):
            continue
        keyword, _, rest = content.partition(b"\0")
        compressed, rest = rest[:1] == b"\1", rest[2:]
        _language, _, rest = rest.partition(b"\0")
        _translated, _, text = rest.partition(b"\0")
        if compressed:
            try:
                text = zlib.decompress(text)
            except zlib.error:
                continue
        yield keyword.decode("latin-1"), text.decode("utf-8", "replace")
