"""A cluster in memory: the engine's `Kube` port without a network, for plans without a cluster and for tests."""

from fairway.adapters.kube.memory.cluster import MemoryKube
from fairway.adapters.kube.memory.kinds import BUILT_IN, resource

__all__ = ["BUILT_IN", "MemoryKube", "resource"]
