"""A real Kubernetes control plane on this machine, built once from Go modules and run by a small supervisor."""

from fairway.adapters.devcluster.clusters import ClusterInfo, DevClusters, PartInfo
from fairway.adapters.devcluster.progress import Progress, silent

__all__ = ["ClusterInfo", "DevClusters", "PartInfo", "Progress", "silent"]
