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
        costs: Of each stage the share of the budget at its end, and the seconds that a unit of the clock takes in it, as the
            probe has measured them, 0 and 0 for those that are not trained; empty where they are not known.
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
    costs: tuple[tuple[float, float], ...] = ()

    @property
    def seconds(self) -> float:
        """Time still to go."""
        return self.seconds_from(self.done)

    def seconds_from(self, clock: int) -> float:
        """Time from a moment of the training to its end, as its stages were measured before."""
        budget = self.recipe.images
        if not self.costs:
            return max(0, budget - clock) / self.images_per_second
        ends = [round(share * budget) for share, _ in self.costs]
        spans = zip([0, *ends], ends, (cost for _, cost in self.costs), strict=False)
        return sum(max(0, end - max(start, clock)) * cost for start, end, cost in spans)

    @property
    def unit(self) -> str:
        """What budgets count: images or steps."""
        return self.recipe.build().clock

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
        unit = self.unit
        lines = [
            ("recipe", f"{recipe.name} ({recipe.paper}), batch {recipe.batch}"),
            ("data", f"{source.name}: {count_text(source)}{labels}, {self.fit}"),
            ("parameters", sizes),
            ("device", self.device + (f", {memory_text(self.memory)} of memory" if self.memory else "")),
            ("speed", f"{rate_text(self.images_per_second)} {unit}/s{self._each_scale}"),
            (
                "stops",
                f"at {recipe.images:,} {unit} ({self._parts}), in about {duration(self.seconds)}; "
                f"{'--iterations (steps of each scale), --quality' if unit == 'steps' else '--images'} or --minutes change it",
            ),
            ("run", f"{self.out}" + (f" (goes on at {self.done:,} {unit})" if self.done else "")),
        ]
        return lines + [("note", note) for note in self.notes]

    @property
    def _each_scale(self) -> str:
        """How long every scale takes, where they differ."""
        if self.unit == "images" or len(self.costs) < 2:
            return ""
        begins = [0.0, *(end for end, _ in self.costs)]
        spans = [
            (end - begin) * self.recipe.images * cost for begin, (end, cost) in zip(begins, self.costs, strict=False)
        ]
        return f" (scale by scale {', '.join(duration(span) for span in spans[self._first :])})"

    @property
    def _first(self) -> int:
        """The scale with which the training begins: those before it have no share of the budget."""
        return sum(end == 0 for end, _ in self.costs)

    @property
    def _parts(self) -> str:
        """The budget in other words."""
        if self.unit == "images":
            return f"{self.recipe.images / self.source.count:.1f} epochs"
        stages = len(self.recipe.build().stages)
        if self._first:
            return f"from scale {self._first} on, in which the model was left, of scales 0 to {stages - 1}"
        return f"{self.recipe.images / stages:,.0f} for each of {stages} scale{'s' if stages > 1 else ''}"


def count_text(source: Source) -> str:
    """How many samples of which kind: "1 image", "8 images", "8 images and 1 image"."""
    if source.domains and source.kind == "images":
        return " and ".join(count_text(domain) for domain in source.domains)
    return "1 image" if source.count == 1 and source.kind == "images" else f"{source.count:,} {source.kind}"


def rate_text(rate: float) -> str:
    """A speed with as many digits as say something."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


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
