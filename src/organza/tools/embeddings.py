"""Embeddings of real pictures as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from organza.errors import UsageError
from organza.exchange.tensors import save_tensors
from organza.tools.scoring import Reference
from organza.version import __version__

FORMAT = 1


def write_features(reference: Reference, file: Path, n: int | None = None) -> dict[str, Any]:
    """Write `features`, float32 [n, d], `indices` of the pictures in their source, int64 [n], and `labels`, if there are any.

    Args:
        reference: Real pictures, and the features to look with.
        file: Written whole; its header says under `organza` what is in it, as JSON.
        n: How many pictures; None: all.

    Returns:
        What the header says.

    Raises:
        UsageError: These are no pictures.
        OrganzaError: They cannot be read.
        OSError: The file cannot be written.
    """
    source = reference.source
    if source.kind != "images":
        raise UsageError(f"{source.name} has points, which have no features: name a source of pictures")
    indices = reference.order[:n].sort().values
    embedded = torch.cat([reference.features.embed(images).cpu() for images, _ in reference.blocks(indices)])
    facts = {
        "format": FORMAT,
        "organza": __version__,
        "features": reference.features.name,
        "features_sha256": reference.features.sha256,
        "dim": embedded.shape[1],
        "n": len(embedded),
        "resize": reference.features.resize,
        "source": source.name,
        "split": source.split,
        "fingerprint": source.fingerprint,
        "seed": reference.seed,
        "classes": list(source.classes),
        "notes": list(reference.notes),
    }
    tensors = {"features": embedded.float(), "indices": indices}
    if source.labels is not None:
        tensors["labels"] = source.labels[indices]
    file.parent.mkdir(parents=True, exist_ok=True)
    save_tensors(file, tensors, {"organza": json.dumps(facts, ensure_ascii=False)})
    return facts
