"""Plain networks, one file per published architecture, each with its own typed options.

Importing this package enters every architecture into `NETWORKS`.
"""

from organza.networks import dcgan as dcgan
from organza.networks import mlp as mlp
from organza.networks.network import NETWORKS, Dims, NetworkOptions, count_parameters

__all__ = ["NETWORKS", "Dims", "NetworkOptions", "count_parameters"]
