"""The model folder, which is what a training leaves to be shared: `config.json` and `model.safetensors`."""

from organza.exchange.folder import load_model, save_model, weights_digest
from organza.exchange.model import Model

__all__ = ["Model", "load_model", "save_model", "weights_digest"]
