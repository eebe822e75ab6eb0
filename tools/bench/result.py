"""A figure of the table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    row: str
    variant: str
    what: str
    unit: str
    # Median and quartiles; all the same where it was measured once.
    value: list
    # At most this, or at least; None where there is no goal.
    goal: float | None = None
    at_least: bool = False

    @property
    def reached(self):
        if self.goal is None:
            return None
        return self.value[0] >= self.goal if self.at_least else self.value[0] <= self.goal
