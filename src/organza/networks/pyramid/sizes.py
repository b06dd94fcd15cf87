"""How large a picture is at each scale, by the published rules.

Sizes are (height, width), the coarsest first; the last one is that of the training picture itself.
"""

from __future__ import annotations

from math import ceil, log

Size = tuple[int, int]

EXACT = 1e-9  # what rounding may add to a size that comes out whole


def fitted(height: int, width: int, largest: int) -> Size:
    """A picture made smaller until its longer side is at most `largest`; a smaller one stays as it is."""
    factor = min(largest / max(height, width), 1.0)
    return ceil(factor * height - EXACT), ceil(factor * width - EXACT)


def number_of_scales(original: Size, longest: int, smallest: int, ratio: float) -> int:
    """How many scales SinGAN's code makes of a picture.

    ceil(log_r(m / s)) + 1 - ceil(log_r(l / L)) + 1 with s and L the shorter and longer side of the picture as it was, l its
    longer side in training, m the shorter side at the coarsest scale, r the ratio that two scales should have.

    Args:
        original: Of the picture before it was made smaller.
        longest: l.
        smallest: m.
        ratio: r.
    """
    scales = ceil(log(smallest / min(original)) / log(ratio)) + 1
    spared = ceil(log(min(longest / max(original), 1.0)) / log(ratio))
    return max(1, scales - spared + 1)


def geometric(finest: Size, scales: int, smallest: int) -> tuple[Size, ...]:
    """Every scale so many times larger than the one before: SinGAN's rule (Shaham et al. 2019, arXiv:1905.01164; their code).

    Args:
        finest: Of the last scale.
        scales: How many.
        smallest: Shorter side of the first one, rounded up; where that leaves nothing to grow, there is one scale.
    """
    return _from_factors(finest, scales, smallest, lambda ratio, left: ratio**left)


def concave(finest: Size, scales: int, smallest: int) -> tuple[Size, ...]:
    """More scales that are small: ConSinGAN's rule (Hinz et al. 2021, arXiv:2003.11512, section 3.3; their code).

    Scale i of S + 1 has the factor r^((S - 1) / ln S ln(S - i) + 1), r being the ratio of the geometric rule. Arguments as there.
    """
    steps = scales - 1
    if steps < 2:  # the rule needs at least three scales: two are geometric
        return geometric(finest, scales, smallest)
    return _from_factors(
        finest,
        scales,
        smallest,
        lambda ratio, left: ratio ** ((steps - 1) / log(steps) * log(left) + 1) if left else 1.0,
    )


def _from_factors(finest: Size, scales: int, smallest: int, factor) -> tuple[Size, ...]:  # type: ignore[no-untyped-def]
    height, width = finest
    steps = scales - 1
    if steps < 1 or min(finest) <= smallest:
        return (finest,)
    ratio = (smallest / min(finest)) ** (1 / steps)
    sizes = []
    for index in range(scales):
        share = factor(ratio, steps - index)
        sizes.append((ceil(height * share), ceil(width * share)))
    sizes[-1] = finest
    return tuple(dict.fromkeys(sizes))  # of small pictures some scales would be alike


def scaled(size: Size, factors: tuple[float, float]) -> Size:
    """A size times the factors of height and width, rounded, at least 1."""
    return max(1, round(size[0] * factors[0])), max(1, round(size[1] * factors[1]))
