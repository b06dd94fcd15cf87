"""What a training is going to do, said before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from organza.data import Source
from organza.recipes import Recipe


@dataclass(frozen=True)
class Plan:
    """The plan of a run.

    Attributes:
        recipe: As it will train.
        source: What it trains on.
        fit: How a picture of the source becomes a training image, in words.
        networks: Name -> {"parameters": N, "output": [...]}.
        device: Where.
        images_per_second: As the probe, or the run so far, has measured it.
        memory: Bytes needed at most so far, or 0 where that is not known.
        out: The run folder.
        done: Images already seen, when the run goes on.
        resumes: Whether there is a run in the folder already.
        notes: What the user should know besides, one line each.
    """

    recipe: Recipe
    source: Source
    fit: str
    networks: dict[str, dict[str, Any]]
    device: str
    images_per_second: float
    memory: int
    out: Path
    done: int
    resumes: bool
    notes: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Time still to go."""
        return max(0, self.recipe.images - self.done) / self.images_per_second

    def record(self) -> dict[str, Any]:
        """The plan for programs."""
        return {
            "run": str(self.out),
            "recipe": self.recipe.name,
            "images": self.recipe.images,
            "done": self.done,
            "batch": self.recipe.batch,
            "size": self.recipe.size,
            "channels": self.recipe.channels,
            "networks": self.networks,
            "device": self.device,
            "images_per_second": round(self.images_per_second, 1),
            "seconds": round(self.seconds, 1),
            "memory": self.memory,
            "notes": list(self.notes),
        }

    def lines(self) -> list[tuple[str, str]]:
        """(heading, text) for people."""
        recipe, source = self.recipe, self.source
        sizes = ", ".join(f"{name} {facts['parameters']:,}" for name, facts in self.networks.items())
        labels = f", {len(source.classes)} classes" if source.classes else ""
        lines = [
            ("recipe", f"{recipe.name} ({recipe.paper}), batch {recipe.batch}"),
            ("data", f"{source.name}: {source.count:,} {source.kind}{labels}, {self.fit}"),
            ("parameters", sizes),
            ("device", self.device + (f", {memory_text(self.memory)} of memory" if self.memory else "")),
            ("speed", f"{self.images_per_second:,.0f} images/s"),
            (
                "stops",
                f"at {recipe.images:,} images ({recipe.images / source.count:.1f} epochs), in about "
                f"{duration(self.seconds)}; --images or --minutes change it",
            ),
            ("run", f"{self.out}" + (f" (goes on at {self.done:,} images)" if self.done else "")),
        ]
        return lines + [("note", note) for note in self.notes]


def duration(seconds: float) -> str:
    """A time span in the largest units that say enough: 45 s, 12 min, 3 h 20 min, 4 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if hours < 10 and minutes else f"{hours} h"
    return f"{hours / 24:.0f} days"


def memory_text(count: float) -> str:
    """Bytes in the unit that suits: 312 MB, 1.4 GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
