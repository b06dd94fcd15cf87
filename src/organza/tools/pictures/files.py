"""Which files go in, and which come out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from organza.data.container import Folder
from organza.data.problems import KINDS
from organza.errors import OrganzaError, UsageError
from organza.marks import is_video, read_mark
from organza.marks.pictures import FORMATS

PICTURES = (*FORMATS, ".png")
VIDEOS = (".mp4", ".mov", ".m4v", ".mkv")


@dataclass(frozen=True)
class Job:
    """One file that becomes another.

    Attributes:
        name: Of the input, within its folder.
        source: The input.
        target: The output.
        video: Whether it is a video.
    """

    name: str
    source: Path
    target: Path
    video: bool


@dataclass(frozen=True)
class Failure:
    """A file that nothing was made of.

    Attributes:
        file: Its path.
        reason: In one line.
    """

    file: str
    reason: str


def jobs_for(source: Path, target: Path) -> tuple[list[Job], list[Failure]]:
    """What is to be done for INPUT and OUTPUT, and what cannot be done.

    Args:
        source: A picture, a video, or a folder of them, whose structure is kept.
        target: A file for a file, or a folder.

    Raises:
        UsageError: Both are the same, one lies within the other, or the name of `target` says no format.
        OrganzaError: There is nothing at `source`, or something is in the way.
    """
    if not source.exists():
        raise OrganzaError(f"no file and no folder at {source}: name a picture, a video, or a folder of them")
    if source.is_dir():
        jobs, failures = _folder(source, target)
    else:
        jobs, failures = [_file(source, target)], []
    inputs = {job.source.resolve() for job in jobs}
    for job in jobs:
        if job.target.resolve() in inputs:
            raise UsageError(f"{job.target} would overwrite an input: name another OUTPUT")
        if job.target.is_dir():
            raise OrganzaError(f"{job.target} is a folder, and a file is to be written there: name another OUTPUT")
        check_free(job.target)
    return jobs, failures


def _file(source: Path, target: Path) -> Job:
    video = holds_video(source)
    if target.is_dir():
        return Job(source.name, source, target / named(source.name, video), video)
    known = VIDEOS if video else PICTURES
    if target.suffix.lower() not in known:
        kind = "video" if video else "picture"
        raise UsageError(f"OUTPUT for a {kind} must end in {', '.join(known[:-1])} or {known[-1]}, not '{target.name}'")
    return Job(source.name, source, target, video)


def _folder(source: Path, target: Path) -> tuple[list[Job], list[Failure]]:
    if target.exists() and not target.is_dir():
        raise OrganzaError(f"{target} is a file, and {source} is a folder: name a folder for OUTPUT")
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise UsageError(f"OUTPUT {target} and INPUT {source} lie in one another: name a folder beside it")
    listing = Folder(source).listing()
    failures = [
        Failure(fault.path, f"a {KINDS[fault.kind].noun} {KINDS[fault.kind].phrase}") for fault in listing.faults
    ]
    failures = [
        failure for failure, fault in zip(failures, listing.faults, strict=True) if fault.kind != "repeated-folder"
    ]
    names, jobs = {item.path for item in listing.items}, []
    for name in (item.path for item in listing.items):
        video = holds_video(source / name)
        output = named(name, video)
        if output != name:
            while output in names:  # beside a.png, a.bmp becomes a.bmp.png
                output = name + Path(output).suffix if output != name + Path(output).suffix else f"_{output}"
            names.add(output)
        jobs.append(Job(name, source / name, target / output, video))
    if not jobs and not failures:
        raise OrganzaError(f"no picture and no video in {source}")
    return jobs, failures


def named(name: str, video: bool) -> str:
    """The name of an output: the input's own where its format can be written, else as .png or .mp4."""
    path = Path(name)
    return (
        name
        if path.suffix.lower() in (VIDEOS if video else PICTURES)
        else str(path.with_suffix(".mp4" if video else ".png"))
    )


def holds_video(path: Path) -> bool:
    """Whether a file begins as videos do."""
    try:
        with path.open("rb") as file:
            return is_video(file.read(16))
    except OSError:
        return False


def may_be_folder(path: Path) -> bool:
    """Whether results can go into a folder of this name: it is one, or nothing is there and it does not end as files do.

    A dot before a number, as in variations-1.5x1, is no ending.
    """
    return path.is_dir() or not (path.exists() or path.suffix[1:2].isalpha())


def check_free(*outputs: Path) -> None:
    """See to it that nobody's file is overwritten.

    Raises:
        OrganzaError: One of these files is there, and no model of organza has written it: it may be a picture of a training.
    """
    for output in outputs:
        if output.is_file() and not _ours(output):
            raise OrganzaError(
                f"{output} exists and was not made by organza: name another OUTPUT, or take it away first"
            )


def _ours(path: Path) -> bool:
    try:
        mark = read_mark(path)
    except OrganzaError:
        return False
    return mark is not None and bool(mark.weights_sha256)  # which has none where real pictures were rearranged
