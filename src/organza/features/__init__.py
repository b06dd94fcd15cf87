"""Embeddings of pictures in which scores are computed; a score is always named after its features."""

from organza.features.backbones import Backbone
from organza.features.classifier import Classifier, ClassifierFeatures, SmallClassifier
from organza.features.embedding import Features, FeaturesEntry, MapFeatures, PlaceFeatures
from organza.features.inception import Inception
from organza.features.network_file import NetworkFile
from organza.features.random_conv import RandomConv
from organza.features.table import FEATURES, features_entry, load_features

__all__ = [
    "FEATURES",
    "Backbone",
    "Classifier",
    "ClassifierFeatures",
    "Features",
    "FeaturesEntry",
    "Inception",
    "MapFeatures",
    "NetworkFile",
    "PlaceFeatures",
    "RandomConv",
    "SmallClassifier",
    "features_entry",
    "load_features",
]
