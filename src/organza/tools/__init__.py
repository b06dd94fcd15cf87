"""What a trained model is for."""

from organza.tools.sample import write_samples

__all__ = ["write_samples"]
