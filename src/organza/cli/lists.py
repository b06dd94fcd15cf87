"""Lists of numbers on the command line."""

from __future__ import annotations


def attached(words: list[str], *options: str) -> list[str]:
    """`--NAME -1,0` as `--NAME=-1,0` for these options, so that a list that begins with a minus is no option itself."""
    kept: list[str] = []
    for word in words:
        if kept and kept[-1] in options and word[:1] == "-" and word[1:2] in "0123456789." and word[1:]:
            kept[-1] += f"={word}"
        else:
            kept.append(word)
    return kept
