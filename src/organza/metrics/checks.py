"""What every score asks of its arguments."""

from __future__ import annotations

from torch import Tensor

from organza.errors import OrganzaError, UsageError


def check_samples(what: str, samples: Tensor, least: int) -> None:
    """Refuse what no score can be computed from.

    Args:
        what: What the samples are, for the message.
        samples: [n, d].
        least: How many there must be.

    Raises:
        UsageError: There are too few.
        OrganzaError: A number is not finite.
        ValueError: They are not [n, d].
    """
    if samples.ndim != 2:
        raise ValueError(f"{what} must be [n, d], not of shape {tuple(samples.shape)}")
    if len(samples) < least:
        raise UsageError(f"this score needs at least {least} {what}, and got {len(samples)}: ask for more samples")
    if samples.numel() and not all(bool(end.isfinite()) for end in samples.aminmax()):  # 20 times as fast as of each
        raise OrganzaError(f"this score needs finite numbers, and {what} hold others: look at the samples")
