"""The table of features."""

from __future__ import annotations

from importlib.resources import files

import torch

from organza.features.backbones import Backbone
from organza.features.classifier import Classifier
from organza.features.embedding import Features, FeaturesEntry
from organza.features.inception import StandardInception
from organza.features.network_file import NetworkFile, is_network_file
from organza.features.random_conv import RandomConv
from organza.registry import Registry

FEATURES: Registry[FeaturesEntry] = Registry("features")


def features_entry(name: str) -> FeaturesEntry:
    """The entry of that name in the table, or one for the network in a file (`file.pt`, `file.onnx`, `file.pt@96`).

    Raises:
        UsageError: There are no features of that name.
    """
    return NetworkFile.of(name) if is_network_file(name) else FEATURES[name]


def load_features(name: str, device: torch.device | str = "cpu") -> Features:
    """The features of that name, on a device.

    Args:
        name: In the table, or of a file with a TorchScript or ONNX network (`file.pt`, `file.onnx`, `file.pt@96`).
        device: Where they are computed.

    Raises:
        UsageError: There are none of that name.
        OrganzaError: Their weights or the library that they need are missing, or the weights are damaged.
    """
    return features_entry(name).load(device)


_WEIGHTS = files("organza.features") / "weights"

FEATURES.add(
    "fashion-classifier",
    Classifier(
        "fashion-classifier",
        "last hidden layer of a small classifier of clothes (Fashion-MNIST; 92.2 % of the test pictures right)",
        ("t-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
        _WEIGHTS / "fashion-classifier.safetensors",
        "372d293ae00c1c0b4d72eca47521bd257c71eb6c910fa5a8af651b3188ca9193",
    ),
)
FEATURES.add(
    "mnist-classifier",
    Classifier(
        "mnist-classifier",
        "last hidden layer of a small classifier of handwritten digits (MNIST; 99.5 % of the test pictures right)",
        tuple("0123456789"),
        _WEIGHTS / "mnist-classifier.safetensors",
        "a7afbd033dfc915342e0eec314b08f6b5018245958d682c8d9dbc9d5ed2765c3",
    ),
)
FEATURES.add("inception", StandardInception())
FEATURES.add(
    "dinov2",
    Backbone(
        "dinov2",
        "class token of DINOv2 ViT-S/14 at 224 pixels, trained without labels on 142 million photographs (through timm)",
        "vit_small_patch14_dinov2.lvd142m",
        # It was trained at 518, which costs nine times as much; scores in DINOv2 are published at 224 (Stein et al. 2023,
        # arXiv:2306.04675, with the larger ViT-L).
        size=224,
    ),
)
FEATURES.add(
    "clip",
    Backbone(
        "clip",
        "picture embedding of OpenAI's CLIP ViT-B/32, trained on photographs with their captions (through timm)",
        "vit_base_patch32_clip_224.openai",
    ),
)
FEATURES.add("random-conv", RandomConv())
