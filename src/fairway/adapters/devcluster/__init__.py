"""A real Kubernetes control plane on this machine, built once from Go modules and run by a small supervisor."""

from fairway.adapters.devcluster.clusters import DevClusters, context_name
from fairway.adapters.devcluster.info import DEFAULT_NAME, DEFAULT_NODES, ClusterInfo, PartInfo
from fairway.adapters.devcluster.progress import Progress, silent

__all__ = [
    "DEFAULT_NAME",
    "DEFAULT_NODES",
    "ClusterInfo",
    "DevClusters",
    "PartInfo",
    "Progress",
    "context_name",
    "silent",
]
