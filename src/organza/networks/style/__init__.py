"""Style-based networks: StyleGAN, StyleGAN2, and what they share."""

from organza.networks.style.generator import StyleGenerator, StyleGeneratorOptions, levels
from organza.networks.style.layers import EqualisedConv2d, EqualisedLinear, Mapping

__all__ = ["EqualisedConv2d", "EqualisedLinear", "Mapping", "StyleGenerator", "StyleGeneratorOptions", "levels"]
