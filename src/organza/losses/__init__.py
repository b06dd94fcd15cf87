"""Adversarial losses and penalties: pure functions, two tables."""

from organza.losses.adversarial import LOSSES, AdversarialLoss
from organza.losses.penalties import PENALTIES, NoPenalty, Penalty, Punished

__all__ = ["LOSSES", "PENALTIES", "AdversarialLoss", "NoPenalty", "Penalty", "Punished"]
