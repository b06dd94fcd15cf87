"""What each score is, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """What a score is, for people.

    Attributes:
        key: Its name for programs.
        title: Its name in tables; with `{features}`, if it means nothing without them.
        better: Which way it improves; None where neither is.
        brief: A few words, for a line of a table.
        meaning: One sentence.
        inception: Its name where the features are the standard Inception's, if it has one of its own there.
    """

    key: str
    title: str
    better: Literal["lower", "higher"] | None
    brief: str
    meaning: str
    inception: str | None = None

    def of(self, features: str | None, standard_inception: bool = False) -> Metric:
        """The same, named after the features in which it was computed.

        Args:
            features: Their name.
            standard_inception: Whether they are those of the standard Inception weights: only then is FD called FID.
        """
        if standard_inception and self.inception:
            return replace(self, title=self.inception)
        return replace(self, title=self.title.format(features=features))


METRICS = {
    metric.key: metric
    for metric in (
        Metric(
            "fd", "FD[{features}]", "lower", "how far generated pictures are from real ones, on average and in spread",
            "The Fréchet distance between generated and real pictures as a network sees them: 0 if average and spread are"
            " the same; comparable only with the same features and numbers of pictures.",
            "FID",
        ),
        Metric(
            "fd_inf", "FD∞[{features}]", "lower", "the same, freed of the part that the number of pictures adds",
            "The Fréchet distance that a line through those of fewer and fewer pictures foretells for endlessly many, so that"
            " it depends less on their number.",
            "FID∞",
        ),
        Metric(
            "kid", "KID[{features}]", "lower", "the same question by a kernel: unbiased, and may be just below 0",
            "The kernel distance between generated and real pictures as a network sees them: about 0 if they are alike,"
            " whatever their number.",
            "KID",
        ),
        Metric(
            "precision", "Precision", "higher", "the share of generated pictures that look like real ones",
            "The share of the generated pictures that lie where real ones are: low when they look wrong.",
        ),
        Metric(
            "recall", "Recall", "higher", "the share of real pictures that the generator could make",
            "The share of the real pictures that lie where generated ones are: low when the generator leaves kinds out.",
        ),
        Metric(
            "density", "Density", "higher", "like precision, but an odd real picture counts little; may be above 1",
            "How many real pictures each generated one lies close to, against what is usual among real ones: like precision,"
            " but an outlier among the real pictures cannot raise it much.",
        ),
        Metric(
            "coverage", "Coverage", "higher", "the share of real pictures with a generated one close by",
            "The share of the real pictures that have a generated one close by: like recall, but an outlier among the"
            " generated pictures cannot raise it much.",
        ),
        Metric(
            "is", "IS[{features}]", "higher", "sure of each picture's class, and all classes there: at most their number",
            "The inception score, by the classifier of these features: high when each generated picture is clearly of a class"
            " and all classes come; it never looks at real pictures.",
            "IS",
        ),
        Metric(
            "classes", "Effective classes", "higher", "how many classes the generator makes, by a classifier",
            "How many classes the generator makes, by a classifier: exp of the entropy of their shares, so all of them if they"
            " come equally often and 1 if only one comes.",
        ),
        Metric(
            "entropy", "Entropy of classes", "higher", "how evenly classes come, in nats: ln of their number at best",
            "The entropy, in nats, of the shares of classes among generated pictures, by a classifier: 0 if only one comes.",
        ),
        Metric(
            "smallest_class", "Smallest class", "higher", "the share of the rarest class; 0 if one is missing",
            "The share of the class that the generator makes least often, by a classifier: 0 if one is missing.",
        ),
        Metric(
            "accuracy", "Label accuracy", "higher", "how often a picture shows the label that was asked for",
            "How often a classifier sees in a picture the label that the generator was asked for.",
        ),
        Metric(
            "diversity", "Diversity in a class", None, "near 0 the noise is ignored; 1 is like the data",
            "How much pictures of one class differ, against how much real ones do: near 0 the generator ignores its noise, and"
            " 1 is like the data.",
        ),
        Metric(
            "memorisation", "Near-duplicates", "lower", "the share that all but repeats a training picture; 0.01 is usual",
            "The share of the generated pictures that lie as close to a training picture as only one new real picture in a"
            " hundred does: about 0.01 where nothing is remembered, 1 for copies.",
        ),
        Metric(
            "modes", "Modes", "higher", "how many of the data's clusters are found",
            "How many of the data's clusters have enough generated points close by.",
        ),
        Metric(
            "high_quality", "High quality", "higher", "the share of points within 3 sigma of a cluster's centre",
            "The share of the generated points that lie within 3 standard deviations of a cluster's centre.",
        ),
        Metric(
            "kl", "KL of modes", "lower", "how unevenly points spread over the clusters, in nats; 0 if equally",
            "How unevenly the generated points spread over the clusters, in nats: 0 if equally.",
        ),
        Metric(
            "psnr", "PSNR", "higher", "decibels between each picture and the real one of its name",
            "The peak signal-to-noise ratio, in decibels, of each picture against the real one of the same name, averaged.",
        ),
        Metric(
            "ssim", "SSIM", "higher", "structural likeness of each picture and the real one of its name; at most 1",
            "The structural similarity of each picture and the real one of the same name, averaged: 1 if they are equal.",
        ),
        Metric(
            "lpips", "Perceptual distance[{features}]", "lower", "the same in the maps of a network: 0 if equal",
            "The LPIPS-style distance, in the maps of a network, of each picture from the real one of the same name, averaged.",
        ),
        Metric(
            "ppl_z", "PPL z[{features}]", "lower", "how abruptly pictures change along straight ways through z",
            "Perceptual path length in z: how much pictures change for a small step between two latent vectors, so how"
            " abruptly the generator turns one into another.",
        ),
        Metric(
            "ppl_w", "PPL w[{features}]", "lower", "the same in the w of a style generator",
            "Perceptual path length in w, the learnt latent space of a style generator.",
        ),
        Metric(
            "separability", "Separability", "lower", "how well planes part attributes in the latent space; 1 is best",
            "How well a plane in the latent space parts what has an attribute from what has not: 1 if perfectly.",
        ),
    )
}  # fmt: skip

POINTS = ("modes", "high_quality", "kl")
PAIRS = ("psnr", "ssim", "lpips")
BARE = ("psnr", "ssim")
"""Those that look at pixels, through no features."""
STYLE = ("ppl_w", "separability")
STANDARD = ("fd", "precision", "recall", "classes", "smallest_class", "accuracy", "diversity")
"""What a comparison of many runs shows of pictures."""
DEFAULT = (*STANDARD, "kid", "density", "coverage", "is", "entropy", "memorisation")
"""What `evaluate` computes of pictures unless told otherwise: all that the data allow and that takes no longer than these."""
