"""Which pictures of a folder or zip make pairs: by their names in two folders, or as halves of one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from organza.data.layout import Layout, layout
from organza.data.problems import Fault
from organza.data.survey import Found

GIVEN = ("a", "blur", "blurred", "input")
WANTED = ("b", "sharp", "target", "gt")
"""Names of folders, in any case: of what is given, and of what is to be made from it."""


@dataclass(frozen=True)
class Pairing:
    """The pairs among some pictures.

    Attributes:
        given: What is given; of files with two pictures side by side, their left halves, with the sizes of halves.
        wanted: The partner of each.
        parts: What the folders say about training and testing.
        faults: Pictures that are left out, and why.
        form: Where the two of a pair lie: in two folders, or side by side in one file; of two folders of which one is
            missing, which. There are then no pairs.
    """

    given: tuple[Found, ...]
    wanted: tuple[Found, ...]
    parts: Layout
    faults: tuple[Fault, ...]
    form: Literal["folders", "beside", "only given", "only wanted"]

    @property
    def used(self) -> tuple[Found, ...]:
        """Every picture of a pair; of two side by side, one for both."""
        return self.wanted if self.form == "beside" else (*self.given, *self.wanted)

    @property
    def missing(self) -> str:
        """Of which folder there is none, for people."""
        names = WANTED if self.form == "only given" else GIVEN
        there = GIVEN if self.form == "only given" else WANTED
        return f"there is a folder {' or '.join(_shown(there))} and none of what belongs to it, named {', '.join(_shown(names))}"


def pair_up(pictures: Sequence[Found]) -> Pairing:
    """Find the pairs among the usable pictures of a folder or zip.

    If there are folders with names of `GIVEN` and of `WANTED`, the pictures in them that have the same path but for that
    folder and their suffix are partners: `A/train/1.jpg` and `B/train/1.png`, `train/scene/blur/1.png` and
    `train/scene/sharp/1.png`. Where such folders lie within each other, the outer ones count if there are both. If there are
    neither, every picture is two, side by side.
    """
    sides = [_side(picture.path) for picture in pictures]
    if len(_kinds(sides)) == 1:
        inner = [_side(picture.path, inner=True) for picture in pictures]
        sides = inner if len(_kinds(inner)) == 2 else sides
    kinds = _kinds(sides)
    if not kinds:
        return _beside(pictures)
    if len(kinds) == 1:
        return Pairing((), (), layout([]), (), "only given" if "given" in kinds else "only wanted")
    faults: list[Fault] = []
    found: dict[str, dict[str, Found]] = {"given": {}, "wanted": {}}
    for picture, (side, key) in zip(pictures, sides, strict=True):
        if not side:
            faults.append(Fault("in-neither-folder", picture.path))
        elif key in found[side]:
            faults.append(Fault("same-name", picture.path))
        else:
            found[side][key] = picture
    for here, there in (("given", "wanted"), ("wanted", "given")):
        alone = (picture for key, picture in found[here].items() if key not in found[there])
        faults += [Fault("without-partner", picture.path) for picture in alone]
    # The pictures without a partner have a say in what the folders mean: without them a part may be left all alone.
    parts = _parts(dict.fromkeys((*found["given"], *found["wanted"])))
    keys = []
    for key in (key for key in found["given"] if key in found["wanted"]):
        first, second = found["given"][key], found["wanted"][key]
        if (first.width, first.height) == (second.width, second.height):
            keys.append(key)
        else:
            faults.append(Fault("other-size-in-pair", first.path))
    return Pairing(
        tuple(found["given"][key] for key in keys),
        tuple(found["wanted"][key] for key in keys),
        _of(keys, parts),
        tuple(faults),
        "folders",
    )


def _beside(pictures: Sequence[Found]) -> Pairing:
    """Every picture as two, side by side."""
    halves = tuple(picture._replace(width=picture.width // 2) for picture in pictures if picture.width % 2 == 0)
    faults = tuple(Fault("odd-width", picture.path) for picture in pictures if picture.width % 2)
    parts = _of([half.path for half in halves], _parts([picture.path for picture in pictures]))
    return Pairing(halves, halves, parts, faults, "beside")


def _parts(paths: Iterable[str]) -> dict[str, str]:
    """The part that each of these paths lies in; empty if there are no parts."""
    paths = list(paths)
    return dict(zip(paths, layout(paths).splits, strict=False))


def _of(paths: Sequence[str], parts: Mapping[str, str]) -> Layout:
    """What the folders say about these of the paths; labels they are not."""
    return Layout(tuple(parts[path] for path in paths) if parts else (), (), (), ())


_Side = tuple[Literal["given", "wanted"] | None, str]


def _side(path: str, *, inner: bool = False) -> _Side:
    """In which of the two folders a picture lies, the outermost or innermost, and what its partner is called too."""
    *folders, name = path.split("/")
    places = [place for place, folder in enumerate(folders) if folder.casefold() in GIVEN + WANTED]
    if not places:
        return None, path
    place = places[-1] if inner else places[0]
    rest = (*folders[:place], *folders[place + 1 :], PurePosixPath(name).stem)
    return "given" if folders[place].casefold() in GIVEN else "wanted", "/".join(rest)


def _kinds(sides: Sequence[_Side]) -> set[str]:
    """Which of the two folders there are."""
    return {side for side, _ in sides if side}


def _shown(names: Sequence[str]) -> list[str]:
    """Folders' names as people write them: A and B, the others in small letters."""
    return [name.upper() if len(name) == 1 else name for name in names]
