"""Checkpoints that the authors of published systems have released, as models of organza's."""

from organza.exchange.authors.conversion import Converted, convert
from organza.exchange.authors.kinds import KINDS

__all__ = ["KINDS", "Converted", "convert"]
