"""Events from outside: heard once, passed on as a wake, never as a fact."""

from fairway.services.intake.metrics import Metrics, NoMetrics
from fairway.services.intake.pending import PendingWakes, Woken
from fairway.services.intake.ports import Wake

__all__ = ["Metrics", "NoMetrics", "PendingWakes", "Wake", "Woken"]
