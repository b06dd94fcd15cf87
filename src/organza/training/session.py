"""A training between two steps: how far it is, one step of play, and everything that a checkpoint must hold."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from organza.data import Batches, label_vectors, to_device
from organza.errors import OrganzaError
from organza.games import Batch, Game, Losses, Tensors, Turn
from organza.streams import Streams
from organza.training.entered import Entered
from organza.training.window import Window

OPENING = Turn("opening", "", lambda round: {}, lambda networks, inputs: Losses({}))  # by which its streams are keyed
GRADIENTS_EVERY = 4  # steps between looks at the length of the gradients, which costs a small network 5 % of its step


@dataclass
class Progress:
    """How far a training is.

    Attributes:
        stage: Index of the stage.
        stage_start: Clock at which it began.
        step: Rounds of turns played.
        drawn: Real samples drawn, by domain; the first domain's count is "images seen".
        seconds: Time spent training, over all sittings.
    """

    stage: int = 0
    stage_start: int = 0
    step: int = 0
    drawn: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class LiveRound:
    """`Round` as the loop plays it; see there."""

    def __init__(self, session: Session, turn: Turn, repeat: int, scratch: Tensors) -> None:
        self.session, self.turn, self.repeat, self.scratch = session, turn, repeat, scratch
        self.step = session.progress.step
        self.clock = session.began - session.progress.stage_start
        self.size = session.size
        self.device = session.device
        self.state: Mapping[str, Tensor] = session.entered.state

    def real(self, domain: str = "real") -> Batch:
        return self.session.real(domain, fresh=self.turn.fresh)

    def stream(self, purpose: str) -> torch.Generator:
        return self.session.streams.generator(self.step, self.turn.name, self.repeat, purpose)

    def normal(self, *shape: int, purpose: str = "noise") -> Tensor:
        return self.put(torch.randn(*shape, generator=self.stream(purpose)))

    def put(self, tensor: Tensor) -> Tensor:
        return to_device(tensor, self.device)

    def labels(self, domain: str = "real") -> Tensor | None:
        if not self.session.game.labelled:
            return None
        return self.put(self.session.batches[domain].draw_labels(self.size, self.stream("labels")))


class Session:
    """A training between two steps.

    Args:
        game: What is played.
        batches: Real samples by domain, the one whose images are counted first.
        size: Samples in a batch, where the stage does not say otherwise.
        streams: The run's randomness.
        device: Where it is played.
        half_life: Of the averages, in images.
        ramp: Bound on it early in the training, as a share of the images seen; 0: there is none.
    """

    def __init__(
        self,
        game: Game,
        batches: Mapping[str, Batches],
        size: int,
        streams: Streams,
        device: torch.device,
        half_life: int,
        ramp: float = 0.0,
    ) -> None:
        self.game, self.batches, self.usual_size, self.ramp = game, batches, size, ramp
        self.streams, self.device, self.half_life = streams, device, half_life
        self.progress = Progress(drawn=dict.fromkeys(batches, 0))
        self.window = Window()
        self.entered = Entered(game.stages[0], None, streams, device, half_life, size)
        self.began = self.clock  # when the present step did: all of its turns see the same clock
        self._last: dict[str, Batch] = {}
        self.open()

    @property
    def size(self) -> int:
        """Samples in a batch of the present stage."""
        return self.entered.stage.batch_factor * self.usual_size

    @property
    def clock(self) -> int:
        """Images seen, or steps, as the game counts."""
        if self.game.clock == "steps":
            return self.progress.step
        return next(iter(self.progress.drawn.values()))

    @property
    def stage_over(self) -> bool:
        """Whether the present stage has spent its budget, and another follows."""
        budget = self.entered.stage.budget
        last = self.progress.stage == len(self.game.stages) - 1
        return not (last or budget is None or self.clock - self.progress.stage_start < budget)

    def stage_share(self, budget: int) -> float:
        """How much of the present stage is done, in a run of this budget: 1 is all of it."""
        start, own = self.progress.stage_start, self.entered.stage.budget
        return min(1.0, (self.clock - start) / max(1, budget - start if own is None else own))

    def advance(self) -> None:
        """Enter the next stage if the present one is over."""
        if self.stage_over:
            self.enter(self.progress.stage + 1, self.entered)

    def enter(self, stage: int, before: Entered | None) -> None:
        """Enter a stage, as it follows from the one before, or from nothing."""
        self.progress.stage, self.progress.stage_start = stage, self.clock
        self.entered = Entered(
            self.game.stages[stage], before, self.streams, self.device, self.half_life, self.usual_size
        )
        self.open()

    @torch.no_grad()
    def open(self) -> None:
        """Let the stage find out what it wants to know of the real samples before its first step."""
        if self.entered.stage.open is None:
            return
        self.began, self._last = self.clock, {}
        found = self.entered.stage.open(self.entered.networks, LiveRound(self, OPENING, 0, {}))
        self.entered.state = {name: tensor.detach().contiguous() for name, tensor in found.items()}
        self.entered.averages.update(0, self.half_life)  # no step: only what the opening has filled in is taken over

    def play(self) -> None:
        """One step: every turn in order, then what the game remembers, then the averages."""
        scratch, stage = Tensors(), self.entered.stage
        self.began, self._last = self.clock, {}
        for turn in stage.turns:
            for repeat in range(turn.times(self.progress.step)):
                self.window.add(self._move(turn, repeat, scratch))
        # Plain row-major memory, as a checkpoint gives it back: the layout may show in the bits of what is computed.
        remembered = stage.remember(self.entered.state, scratch)
        self.entered.state = {name: tensor.detach().contiguous() for name, tensor in remembered.items()}
        self.progress.step += 1
        seen = self.size if self.game.clock == "steps" else self.clock - self.began
        half_life = min(self.half_life, int(self.ramp * self.clock)) if self.ramp else self.half_life
        self.entered.averages.update(seen, half_life)

    def real(self, domain: str, fresh: bool) -> Batch:
        """The next batch of a domain, or the last one of this step."""
        if fresh or domain not in self._last:
            batches = self.batches[domain]
            taken, vectors = batches.take(self.progress.drawn[domain], self.size), None
            if self.game.labelled and taken.labels is not None:
                vectors = label_vectors(taken.labels, len(batches.dataset.classes))
            self._last[domain] = Batch(taken.samples, vectors, taken.inputs)
            self.progress.drawn[domain] += self.size
        return self._last[domain]

    def _move(self, turn: Turn, repeat: int, scratch: Tensors) -> Tensors:
        """One turn: draw, losses, gradients of the moving player alone, its optimiser's step."""
        entered, player = self.entered, next(p for p in self.entered.stage.players if p.name == turn.player)
        optimiser, parameters = entered.optimisers[turn.player], entered.parameters[turn.player]
        live = LiveRound(self, turn, repeat, scratch)
        inputs = turn.draw(live)
        entered.give_move_to(turn.player)
        # Networks with dropout draw from torch's global generators: from a place that depends on this turn alone.
        key = (self.progress.step, turn.name, repeat, "dropout")
        with self.streams.locally(*key, device=self.device) if entered.drops_out else nullcontext():
            losses = turn.losses(entered.networks, inputs)
        total = sum_of(losses.terms)
        for parameter in parameters:
            parameter.grad = None
        total.backward()  # type: ignore[no-untyped-call]
        factor = player.schedule(live.clock)
        for group, rate in zip(optimiser.param_groups, entered.rates[turn.player], strict=True):
            group["lr"] = rate * factor
        memory = player.memory(live.clock)
        if memory is not None:
            for group in optimiser.param_groups:
                group["betas"] = (group["betas"][0], memory)
        for _ in range(turn.moves):
            optimiser.step()
        if turn.constrain:
            with torch.no_grad():
                turn.constrain(entered.networks)
        scratch.update({name: tensor.detach() for name, tensor in losses.scratch.items()})
        figures = {"loss": total.detach()}
        if len(losses.terms) > 1:
            figures |= {name: term.detach() for name, term in losses.terms.items()}
        figures |= losses.figures
        if self.progress.step % GRADIENTS_EVERY == 0:
            norms = torch._foreach_norm([p.grad for p in parameters if p.grad is not None])
            figures["gradient"] = torch.linalg.vector_norm(torch.stack(norms))
        return {f"{turn.name}.{name}": value for name, value in figures.items()}

    def culprit(self, thorough: bool = False) -> str | None:
        """What is no longer finite, in words: the figure with its turn, and the first tensor. None if all is well.

        Args:
            thorough: Look at every weight even if all figures are well: the last move may have spoilt one.
        """
        figure = self.window.first_not_finite()
        if figure is None and not thorough:
            return None
        tensors = (
            f"{kind} {name}.{path}"
            for name, network in self.entered.networks.items()
            for path, parameter in network.named_parameters()
            for kind, tensor in (("the weight", parameter), ("the gradient of", parameter.grad))
            if tensor is not None and not bool(tensor.isfinite().all())
        )
        tensor = next(tensors, None)
        if figure is None:
            return tensor and f"{tensor} is NaN or infinite"
        turn, _, name = figure.rpartition(".")
        return f"'{name}' of turn '{turn}' is NaN or infinite" + (f", and so is {tensor}" if tensor else "")

    def tensors(self) -> Tensors:
        """Everything that a checkpoint must hold, flat, by name."""
        entered, flat = self.entered, Tensors()
        for kind, networks in (("network", entered.networks), ("average", entered.averages.networks)):
            for name, network in networks.items():
                flat |= {f"{kind}/{name}/{key}": tensor for key, tensor in network.state_dict().items()}
        for name, optimiser in entered.optimisers.items():
            for index, parameter in enumerate(entered.parameters[name]):
                for key, value in optimiser.state.get(parameter, {}).items():
                    if value is not None:
                        flat[f"optimiser/{name}/{index}/{key}"] = value
        flat |= {f"state/{name}": tensor for name, tensor in entered.state.items()}
        return flat | {f"window/{name}": total for name, total in self.window.sums.items()}

    def counters(self) -> dict[str, Any]:
        """What a checkpoint holds beside the tensors."""
        return {
            "stage": self.entered.name,
            "progress": asdict(self.progress),
            "window": self.window.counts,
            "seed": self.streams.seed,
            "attempt": self.streams.attempt,
        }

    def restore(self, tensors: Tensors, counters: Mapping[str, Any]) -> None:
        """The inverse of `tensors` and `counters`: builds the checkpoint's stage first, then fills it.

        Raises:
            OrganzaError: The tensors are not those of this game.
        """
        self.progress = Progress(**counters["progress"])
        try:
            plan = self.game.stage(counters["stage"])
        except KeyError:
            raise OrganzaError(
                f"the checkpoint is in stage '{counters['stage']}', which the recipe does not have"
            ) from None
        self.entered = entered = Entered(plan, None, self.streams, self.device, self.half_life, self.usual_size)
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "average": {}, "optimiser": {}, "state": {}, "window": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition("/")
            parts[part][rest] = tensor
        try:
            for kind, networks in (("network", entered.networks), ("average", entered.averages.networks)):
                for name, network in networks.items():
                    network.load_state_dict(under(parts[kind], name))
        except RuntimeError as error:
            raise OrganzaError(f"the checkpoint does not fit: {' '.join(str(error).split())[:200]}") from None
        for name, optimiser in entered.optimisers.items():
            stored = under(parts["optimiser"], name)
            for index, parameter in enumerate(entered.parameters[name]):
                for key, value in under(stored, str(index)).items():
                    # Files hold plain row-major tensors; a moment must lie in memory as its parameter does.
                    moment = torch.empty_like(parameter) if value.shape == parameter.shape else value.to(self.device)
                    optimiser.state[parameter][key] = moment.copy_(value)
        # What a remedy has given the game to remember, an older checkpoint does not hold: that stays as it begins.
        entered.state |= {name: tensor.to(self.device) for name, tensor in parts["state"].items()}
        self.window.counts = dict(counters["window"])
        self.window.sums = {name: parts["window"][name].to(self.device) for name in self.window.counts}


def sum_of(terms: Tensors) -> Tensor:
    """The sum of scalar terms."""
    first, *others = terms.values()
    return torch.stack([first, *others]).sum() if others else first


def under(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The entries whose names begin with `name/`, without that beginning."""
    start = f"{name}/"
    return {key[len(start) :]: tensor for key, tensor in tensors.items() if key.startswith(start)}
