"""The control plane that is measured against: a development cluster of the bench's own, or a given one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Plane
from fairway.domain.kube_errors import AlreadyExists
from fairway.domain.manifests.objects import ObjectRef
from fairway.settings import load_settings

NAME = "bench"


@dataclass(frozen=True, slots=True)
class BenchPlane:
    kubeconfig: Path
    context: str
    processes: Plane

    @classmethod
    @contextmanager
    def open(cls, kubeconfig: Path | None, context: str) -> Iterator[BenchPlane]:
        """Start a cluster and remove it afterwards; a given one is left as it is, its CPU is not known."""
        if kubeconfig is not None:
            yield cls(kubeconfig.absolute(), context, Plane(()))
            return
        from fairway.wiring import dev_clusters

        clusters = dev_clusters(load_settings(), lambda text: None)
        info = clusters.up(NAME)
        try:
            pids = tuple(part.pid for part in info.parts if part.pid)
            yield cls(info.kubeconfig, info.context, Plane(pids))
        finally:
            clusters.down(NAME)

    async def create_namespace(self, name: str) -> None:
        """Create a namespace; it may be there."""
        from fairway.adapters.kube import open_cluster

        async with open_cluster(str(self.kubeconfig), self.context or None) as kube:
            obj = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            with suppress(AlreadyExists):
                await kube.create(obj, ObjectRef("v1", "Namespace", "", name))

    async def delete_namespace(self, name: str) -> None:
        from fairway.adapters.kube import open_cluster

        async with open_cluster(str(self.kubeconfig), self.context or None) as kube:
            await kube.delete(ObjectRef("v1", "Namespace", "", name))
