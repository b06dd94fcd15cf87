"""Embeddings of pictures in which scores are computed; a score is always named after its features."""

from organza.features.classifier import Classifier, ClassifierFeatures, SmallClassifier
from organza.features.table import FEATURES, Features, FeaturesEntry, load_features

__all__ = [
    "FEATURES",
    "Classifier",
    "ClassifierFeatures",
    "Features",
    "FeaturesEntry",
    "SmallClassifier",
    "load_features",
]
