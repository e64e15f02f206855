"""Numbers that depend on how often add-one has raised the endowments (SPEC section 10.4).

Add-one runs Equal Shares again and again, with endowments that are a unit larger each time. Most of these runs decide the same.
In a run, every number (what is left, a price) grows evenly with the raise, as long as all comparisons come out as they do. So a
run with these numbers notes at which raise the first comparison would come out otherwise: the runs before need not be made.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Union


class Horizon:
    """How many more raises it takes until a comparison comes out otherwise. None: however many, none does."""

    def __init__(self) -> None:
        self.steps: int | None = None

    def note(self, steps: int) -> None:
        if self.steps is None or steps < self.steps:
            self.steps = steps


class Raised:
    """A number: its value in this run, and by how much it is greater in the next."""

    __slots__ = ("value", "slope", "horizon")

    def __init__(self, value: Fraction, slope: Fraction, horizon: Horizon) -> None:
        self.value, self.slope, self.horizon = value, slope, horizon

    def __add__(self, other: Number) -> Raised:
        if isinstance(other, Raised):
            return Raised(self.value + other.value, self.slope + other.slope, self.horizon)
        return Raised(self.value + other, self.slope, self.horizon)

    __radd__ = __add__

    def __neg__(self) -> Raised:
        return Raised(-self.value, -self.slope, self.horizon)

    def __sub__(self, other: Number) -> Raised:
        return self + -other

    def __rsub__(self, other: Number) -> Raised:
        return -self + other

    def __mul__(self, factor: int) -> Raised:
        return Raised(self.value * factor, self.slope * factor, self.horizon)

    __rmul__ = __mul__

    def __truediv__(self, divisor: int) -> Raised:
        return Raised(self.value / divisor, self.slope / divisor, self.horizon)

    def sign_beside(self, other: Number) -> int:
        """-1, 0 or 1 for less, equal or greater. Notes when that changes."""
        value, slope = self.value, self.slope
        if isinstance(other, Raised):
            value, slope = value - other.value, slope - other.slope
        else:
            value -= other
        if value == 0:
            if slope != 0:
                self.horizon.note(1)
            return 0
        if (value > 0) != (slope > 0) and slope != 0:
            # At value + steps * slope = 0 they are equal, which is another outcome already.
            self.horizon.note(-(value // slope))
        return 1 if value > 0 else -1

    def __lt__(self, other: Number) -> bool:
        return self.sign_beside(other) < 0

    def __le__(self, other: Number) -> bool:
        return self.sign_beside(other) <= 0

    def __gt__(self, other: Number) -> bool:
        return self.sign_beside(other) > 0

    def __ge__(self, other: Number) -> bool:
        return self.sign_beside(other) >= 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Raised, Fraction, int)) and self.sign_beside(other) == 0

    __hash__ = None  # type: ignore[assignment]


Number = Union[Raised, Fraction, int]


def plain(number: Number) -> Fraction:
    """Its value in this run."""
    return number.value if isinstance(number, Raised) else Fraction(number)
