"""Plain networks, one file per published architecture, each with its own typed options.

Importing this package enters every architecture into `NETWORKS`.
"""

from organza.networks import cgan as cgan
from organza.networks import dcgan as dcgan
from organza.networks import mlp as mlp
from organza.networks.labels import LabelEmbedding
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Shape, count_parameters

__all__ = ["NETWORKS", "Dims", "LabelEmbedding", "NetworkOptions", "Shape", "count_parameters"]
