"""Plain networks, one file per published architecture, each with its own typed options.

Importing this package enters every architecture into `NETWORKS`.
"""

from organza.networks import cgan as cgan
from organza.networks import dcgan as dcgan
from organza.networks import fpn as fpn
from organza.networks import ganilla as ganilla
from organza.networks import mlp as mlp
from organza.networks import patchgan as patchgan
from organza.networks import r3gan as r3gan
from organza.networks import resnet as resnet
from organza.networks import super_resolution as super_resolution
from organza.networks import unet as unet
from organza.networks import unit_pixels as unit_pixels
from organza.networks.labels import LabelEmbedding
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role, Shape, count_parameters, multiply_adds
from organza.networks.pyramid import critic as critic
from organza.networks.pyramid import growing as growing
from organza.networks.pyramid import scales as scales
from organza.networks.style import stylegan as stylegan
from organza.networks.style import stylegan2 as stylegan2

__all__ = ["NETWORKS", "Dims", "LabelEmbedding", "NetworkOptions", "Role", "Shape", "count_parameters", "multiply_adds"]
