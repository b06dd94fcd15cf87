"""Pairs of pictures in a folder or zip as a source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from organza.data.dataset import PairedDataset
from organza.data.pairing import Pairing, pair_up
from organza.data.pictures import PictureContent
from organza.data.problems import Problem
from organza.data.source import Source, Want
from organza.data.survey import Survey, natural_channels, problems_of, sizes_of
from organza.errors import OrganzaError


@dataclass(frozen=True)
class PairContent:
    """Pictures in files, and what each is to be made from.

    Attributes:
        wanted: The pictures that are to be made.
        given: What they are to be made from, in the same order and of the same sizes.
    """

    wanted: PictureContent
    given: PictureContent

    def dataset(self, source: Source, want: Want) -> PairedDataset:
        """Both as data sets; errors as of `PictureContent.dataset`."""
        inputs = replace(source, fingerprint=f"{source.fingerprint} inputs")  # so that the cache keeps them apart
        return PairedDataset(self.wanted.dataset(source, want), self.given.dataset(inputs, want))


def pair_source(name: str, seen: Survey, split: str) -> Source:
    """What a survey has found, or its training or test part, as pairs.

    Raises:
        OrganzaError: There is no pair in it.
    """
    pairing = pair_up(seen.pictures)
    problems = problems_of_pairs(seen, pairing)
    stopping = [problem.sentence for problem in problems if problem.stops]
    if stopping:
        raise OrganzaError(f"{name} cannot be used: {'; '.join(stopping)}")
    if pairing.form in ("only given", "only wanted"):
        raise OrganzaError(f"{name} holds no pairs: {pairing.missing}")
    indices, real_split, notes = pairing.parts.part(split, len(pairing.wanted))
    sentences = tuple(problem.sentence for problem in problems)
    if not indices:
        because = f": {'; '.join(sentences)}" if sentences else ""
        what = f"for {split}ing" if pairing.wanted else "of pictures"
        raise OrganzaError(f"{name} holds no pair {what} among {seen.files:,} files{because}")
    given, wanted = (tuple(side[index] for index in indices) for side in (pairing.given, pairing.wanted))
    sizes = sizes_of(wanted)
    (width, height), _ = sizes[0]
    beside = pairing.form == "beside"
    return Source(
        name=name,
        kind="images",
        count=len(wanted),
        channels=natural_channels(pairing.used),
        height=height,
        width=width,
        uniform=len(sizes) == 1,
        classes=(),
        labels=None,
        notes=(found_in(pairing, len(wanted)), *notes, *sentences, *seen.notes),
        fingerprint=_fingerprint(pairing.form, [picture.path + picture.digest for picture in (*given, *wanted)]),
        split=real_split,
        content=PairContent(
            PictureContent(seen.container, wanted, seen.index, "right" if beside else None),
            PictureContent(seen.container, given, seen.index, "left" if beside else None),
        ),
        form="pairs",
        sizes=tuple((height, width) for (width, height), _ in sizes),
    )


def found_in(pairing: Pairing, count: int) -> str:
    """Where the pairs lie, in one line."""
    pairs = f"{count:,} {'pair' if count == 1 else 'pairs'}"
    if pairing.form == "beside":
        return f"{pairs} side by side: the left half is given, and the right half is to be made from it"
    return f"{pairs} in two folders, matched by name: A (or blur, blurred, input) is given, B (or sharp, target, gt) wanted"


def problems_of_pairs(seen: Survey, pairing: Pairing) -> tuple[Problem, ...]:
    """Everything that is wrong or unusual with the files, and with the pairs that they make."""
    return problems_of((*seen.faults, *pairing.faults), pairing.used)


def _fingerprint(form: str, pictures: list[str]) -> str:
    text = "\n".join(("pairs", form, *pictures))
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
