"""A clock that stands still until a test moves it."""


class ManualClock:
    def __init__(self, start: float = 1000.0) -> None:
        self.seconds = start

    def now(self) -> int:
        return int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
