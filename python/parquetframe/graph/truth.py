"""A truth value that can also be called, for one name that two interfaces use in two ways."""

from __future__ import annotations

from typing import Self

__all__ = ["Truth"]


class Truth(int):
    """True or False: tests, compares and hashes as the ``bool``, and gives it when called.

    ``g.is_directed`` is a property of :class:`parquetframe.Graph`, and networkx calls
    ``G.is_directed()``. It is no instance of ``bool``, which cannot be subclassed, and is not the
    object ``True``.
    """

    def __new__(cls, value: object) -> Self:
        """A truth value."""
        return super().__new__(cls, bool(value))

    def __call__(self) -> bool:
        """The ``bool``."""
        return bool(self)

    def __repr__(self) -> str:
        return repr(bool(self))

    __str__ = __repr__
