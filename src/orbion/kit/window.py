"""Count what happened in the last seconds, at constant cost per event."""


class SlidingCounts:
    """Totals of `width` counters over `seconds`, forgotten in `buckets` equal steps."""

    __slots__ = ("_buckets", "_index", "_step", "_totals")

    def __init__(self, width: int, *, seconds: float, buckets: int = 10) -> None:
        self._step = seconds / buckets
        self._buckets = [[0] * width for _ in range(buckets)]
        self._totals = [0] * width
        self._index = 0

    def add(self, now: float, *amounts: int) -> list[int]:
        """Count `amounts`, one per counter, at `now` (monotonic seconds); returns the totals."""
        totals = self.totals(now)
        bucket = self._buckets[self._index % len(self._buckets)]
        for counter, amount in enumerate(amounts):
            if amount:
                bucket[counter] += amount
                totals[counter] += amount
        return totals

    def totals(self, now: float) -> list[int]:
        index = int(now / self._step)
        if index > self._index:
            self._forget(min(index - self._index, len(self._buckets)), index)
        return self._totals

    def clear(self) -> None:
        self._totals[:] = [0] * len(self._totals)
        for bucket in self._buckets:
            bucket[:] = [0] * len(bucket)

    def _forget(self, steps: int, index: int) -> None:
        for position in range(index - steps + 1, index + 1):
            bucket = self._buckets[position % len(self._buckets)]
            for counter, amount in enumerate(bucket):
                self._totals[counter] -= amount
                bucket[counter] = 0
        self._index = index
