"""Weigh values by their bytes, and keep the large ones compressed."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")

_FAST = 1  # zlib's level: most of the gain at a fifth of the time


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed(Generic[V]):
    """A value as it is kept, and what it weighs in bytes."""

    weight: int
    unpack: Callable[[], V]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing(Generic[V]):
    """How values become bytes and come back equal.

    What weighs more than `compress_above` bytes is kept as zlib's bytes, and read back from them at
    each hit; anything else is kept as it is.
    """

    dump: Callable[[V], bytes]
    load: Callable[[bytes], V]
    compress_above: int = 10_000

    def pack(self, value: V) -> Packed[V]:
        plain = self.dump(value)
        if len(plain) <= self.compress_above:
            return Packed(weight=len(plain), unpack=lambda: value)
        small = zlib.compress(plain, _FAST)
        return Packed(weight=len(small), unpack=lambda: self.load(zlib.decompress(small)))


def unweighed(value: V) -> Packed[V]:
    """Pack nothing: each value weighs one, so that a quota counts entries."""
    return Packed(weight=1, unpack=lambda: value)
