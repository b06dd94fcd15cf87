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
        Metric(
            "sifd", "SIFD[{features}]", "lower", "how far textures of samples are from those of the one training picture",
            "The Fréchet distance between the places of each sample and those of the one training picture as a network sees"
            " them, averaged over samples: 0 for the picture itself.",
            "SIFID",
        ),
        Metric(
            "patch_swd", "Patch distance", "lower", "how far small patches of samples are from the picture's own",
            "The sliced Wasserstein distance between the 7x7 patches of each sample and those of the one training picture, over"
            " the levels of a Laplacian pyramid: 0 for the picture itself; pixels span 2.",
        ),
        Metric(
            "patch_swd_noise", "Patch distance of noise", None, "the same for the picture's pixels in random order",
            "The patch distance of noise that has the picture's colours and nothing else of it: what a sample's is to be"
            " compared with.",
        ),
        Metric(
            "pixel_diversity", "Diversity of pixels", "higher", "how much samples differ: near 0 they are all the same",
            "The standard deviation of each pixel among samples, averaged over the picture; pixels span 2, and near 0 the model"
            " repeats its training picture.",
        ),
        Metric(
            "psnr_reconstruction", "PSNR of the reconstruction", "higher", "decibels between the picture and its own copy",
            "The peak signal-to-noise ratio, in decibels, of the training picture as the model makes it anew; of an"
            " analogy of the picture that comes out worse.",
        ),
        Metric(
            "style", "Style distance[{features}]", "lower", "how far textures of translations are from those of B",
            "The Fréchet distance between the places of each translated picture and those of the picture whose style is wanted,"
            " as a network sees them, averaged: 0 for equal textures.",
        ),
        Metric(
            "structure", "Structure", "higher", "whether translations have their edges where A has them; at most 1",
            "The correlation of the edges of each translated picture with those of the picture that it was made from, averaged:"
            " 1 where they lie in the same places, about 0 for unrelated pictures.",
        ),
        Metric(
            "warp_error", "Warping error", "lower", "how much a translated video flickers, beside its motion",
            "The mean difference between each frame of a translated video and the one before, moved by the optical flow of the"
            " original: 0 if everything only moves; pixels span 2.",
        ),
    )
}  # fmt: skip

POINTS = ("modes", "high_quality", "kl")
PAIRS = ("psnr", "ssim", "lpips")
BARE = ("psnr", "ssim")
"""Those that look at pixels, through no features."""
STYLE = ("ppl_w", "separability")
ONE_PICTURE = ("sifd", "patch_swd", "patch_swd_noise", "pixel_diversity", "psnr_reconstruction")
"""Of models that have learnt one picture."""
ANALOGY = ("psnr_reconstruction", "style", "structure", "warp_error")
"""Of models that translate one picture into the style of another."""
STANDARD = ("fd", "precision", "recall", "classes", "smallest_class", "accuracy", "diversity")
"""What a comparison of many runs shows of pictures."""
DEFAULT = (*STANDARD, "kid", "density", "coverage", "is", "entropy", "memorisation")
"""What `evaluate` computes of pictures unless told otherwise: all that the data allow and that takes no longer than these."""
