"""Adversarial losses: pure functions of logits, one table."""

from organza.losses.adversarial import LOSSES, AdversarialLoss

__all__ = ["LOSSES", "AdversarialLoss"]
