"""How much one run may delete before somebody has to say yes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deletion:
    """`count` of `total` things of one sort (`releases`, `objects`) would go; `share` is the limit, 0 to 1."""

    what: str
    count: int
    total: int
    share: float

    @property
    def exceeds(self) -> bool:
        """One single deletion is always within the limit, unless the limit is zero."""
        if self.count == 0:
            return False
        if self.share <= 0:
            return True
        return self.count > 1 and self.count > self.share * self.total

    def __str__(self) -> str:
        return f"{self.count} of {self.total} {self.what} would be deleted; the limit is {self.share:.0%}"
