"""Bits of evidence as people say them."""

from __future__ import annotations


def odds(bits: float) -> str:
    """Return bits of evidence as odds: 8 is "about 250 to 1", -1 "about 1 to 2"."""
    n = 2 ** min(abs(bits), 20)
    rounded = round(n) if n < 20 else int(round(n, -1 if n < 1000 else -3))
    return f"about {rounded:,} to 1" if bits >= 0 else f"about 1 to {rounded:,}"


def signed(bits: float) -> str:
    """Return bits with their sign."""
    return f"{bits:+.1f}"
