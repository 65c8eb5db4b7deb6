"""Is an object what its manifest asks for, will it become so, or will it never?

The rule not to break: an answer follows from the object (and, where stated, the time) alone; who asks is the waiting
service. Written down in docs/spec/health.md.
"""

from fairway.domain.health.assessing import assess, completion, needs_look
from fairway.domain.health.pods import Failure, Tolerance, pod_failure
from fairway.domain.health.rules import HealthRule
from fairway.domain.health.states import Health, HealthState

__all__ = [
    "Failure",
    "Health",
    "HealthRule",
    "HealthState",
    "Tolerance",
    "assess",
    "completion",
    "needs_look",
    "pod_failure",
]
