"""Sources of real samples, decoded once, and batches of them."""

from organza.data.batches import Augment, Batches, Taken, label_vectors, to_device, to_pixels, to_samples
from organza.data.checking import Check, check
from organza.data.dataset import PairedDataset
from organza.data.fitting import Fit, Rectangles, fit
from organza.data.margins import NO_MARGINS, Margins
from organza.data.mixtures import mixture_centres, mixture_sigma
from organza.data.parallel import Progress
from organza.data.problems import Problem
from organza.data.source import Dataset, Source
from organza.data.sources import decode, decode_domains, open_source, source_names
from organza.data.varied import VariedDataset

__all__ = [
    "NO_MARGINS",
    "Augment",
    "Batches",
    "Check",
    "Dataset",
    "Fit",
    "Margins",
    "PairedDataset",
    "Problem",
    "Progress",
    "Rectangles",
    "Source",
    "Taken",
    "VariedDataset",
    "check",
    "decode",
    "decode_domains",
    "fit",
    "label_vectors",
    "mixture_centres",
    "mixture_sigma",
    "open_source",
    "source_names",
    "to_device",
    "to_pixels",
    "to_samples",
]
