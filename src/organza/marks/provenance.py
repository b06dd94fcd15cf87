"""The provenance mark: what organza writes into every picture, and reading it back.

A picture says in a machine-readable way that it was generated (specs of the EU AI Act's article 50(2) and of IPTC):

* an iTXt chunk `organza` with a JSON object: ai_generated, model, weights_sha256, seed, version, and what else is
known;
* an XMP packet with Iptc4xmpExt:DigitalSourceType = trainedAlgorithmicMedia.

There is no time stamp in it, so that the same seed gives the same bytes. Metadata can be stripped: a missing mark
proves nothing.
"""

from __future__ import annotations

import json
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

    def chunks(self) -> PngInfo:
        """The mark as text chunks for Pillow's PNG writer."""
        info = PngInfo()
        info.add_itxt(KEY, json.dumps(asdict(self), sort_keys=True))
        if self.ai_generated:
            info.add_itxt(XMP_KEY, XMP)
        return info


def read_mark(path: Path) -> Mark | None:
    """The mark of a PNG file, or None where it has none. Reads the file's chunks itself and decodes no pixel.

    Raises:
        OrganzaError: The file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OrganzaError(f"cannot read {path}: {error.strerror}") from None
    for keyword, text in text_chunks(data):
        if keyword == KEY:
            try:
                return Mark(**json.loads(text))
            except (TypeError, ValueError):
                raise OrganzaError(f"{path} has a mark of organza that cannot be read: it was altered") from None
    return None


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
