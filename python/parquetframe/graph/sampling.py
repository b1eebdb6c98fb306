"""Seeded random choices that are the same on both engines, on every machine and version.

SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) feeds shuffles and samples. The number below ``k`` is
the high word of ``next * k``; a low word below ``2^64 mod k`` is drawn again (Lemire, ACM TOMACS
29(1), 2019), so that all numbers are equally likely.
"""

from __future__ import annotations

__all__ = ["SplitMix64"]

_MASK = (1 << 64) - 1


class SplitMix64:
    """A stream of 64-bit numbers.

    Args:
        seed: Where it starts; only the low 64 bits count.
    """

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def next(self) -> int:
        """The next number."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, k: int) -> int:
        """A number from 0 to ``k - 1``."""
        product = self.next() * k
        if product & _MASK < k:
            least = (1 << 64) % k
            while product & _MASK < least:
                product = self.next() * k
        return product >> 64

    def permutation(self, n: int) -> list[int]:
        """0..n-1 in random order (Fisher and Yates, from the last place down)."""
        items = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
        return items

    def sample(self, n: int, k: int) -> list[int]:
        """``k`` different numbers of 0..n-1, ascending, by Floyd's method."""
        taken: set[int] = set()
        for last in range(n - k, n):
            pick = self.below(last + 1)
            taken.add(last if pick in taken else pick)
        return sorted(taken)
