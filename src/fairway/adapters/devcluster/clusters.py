"""The clusters of this user on this machine: start, stop, reset and look at them.

All methods block; async code calls them through `asyncio.to_thread`. A lock on the folder of all clusters makes two
commands at the same time safe; it is never held while a cluster starts.
"""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from fairway.adapters.devcluster import bundle as bundles
from fairway.adapters.devcluster import info, kubeconfigs, ports, running
from fairway.adapters.devcluster.info import DEFAULT_NAME, DEFAULT_NODES, ClusterInfo
from fairway.adapters.devcluster.locks import locked
from fairway.adapters.devcluster.progress import Progress, silent
from fairway.adapters.devcluster.sources import Sources, find_sources
from fairway.adapters.devcluster.state import ClusterFolder, Plan, check_name
from fairway.adapters.devcluster.toolchain import find_go
from fairway.domain.errors import UserError


class DevClusters:
    """`cache_dir` keeps built programs and tools for all clusters, `data_dir` the clusters themselves."""

    def __init__(
        self, *, cache_dir: Path, data_dir: Path, progress: Progress = silent, sources: Sources | None = None
    ) -> None:
        self._cache = cache_dir / "devcluster"
        self._tools = cache_dir / "tools"
        self._folder = data_dir / "clusters"
        self._progress = progress
        self._sources = sources

    def kubeconfig_path(self, name: str = DEFAULT_NAME) -> Path:
        """The admin kubeconfig of a cluster; UserError when there is no such cluster."""
        folder, _ = self._existing(name)
        return folder.kubeconfig

    def build(self) -> None:
        """Make sure that the programs are there; the first `up` does it too."""
        self._bundle()

    def up(
        self, name: str = DEFAULT_NAME, *, nodes: int | None = None, port: int | None = None, memory_limit: int = 0
    ) -> ClusterInfo:
        """Make sure that the cluster runs and is ready; builds the programs when they are not there yet.

        Does nothing to a cluster that runs. A stopped one comes back with what was in it.
        Raises UserError when a running cluster has other nodes or another port than asked for.
        """
        check_name(name)
        folder = ClusterFolder(self._folder / name)
        bundle = self._bundle() if not self._alive(folder) else None
        with self._lock():
            plan = folder.plan()
            supervisor = None
            if plan is None or not running.is_alive(folder.status()):
                running.stop(folder)
                plan = self._decide(name, plan, bundle or self._bundle(), nodes, port, memory_limit)
                folder.write_plan(plan)
                supervisor = running.spawn(folder, Path(plan.bundle) / "supervisor")
            else:
                _check_same(plan, nodes, port)
        if supervisor is None:
            running.wait_for_other(folder, self._progress)
        else:
            try:
                running.wait_until_ready(folder, supervisor, self._progress)
            except KeyboardInterrupt:
                running.stop(folder)
                raise
            for path in kubeconfigs.merged_into(folder.path):
                kubeconfigs.merge(folder.kubeconfig, path)  # the port may be another one now
        return replace(self.status(name), changed=supervisor is not None)

    def down(self, name: str = DEFAULT_NAME) -> bool:
        """Stop the cluster and remove everything of it, also from kubeconfigs it was merged into.

        False when there was nothing to remove.
        """
        check_name(name)
        folder = ClusterFolder(self._folder / name)
        if not folder.path.exists():
            return False
        self._progress("stopping")
        with self._lock():
            running.stop(folder, discard=True)
            for path in kubeconfigs.merged_into(folder.path):
                kubeconfigs.remove(path, context_name(name))
            shutil.rmtree(folder.path, ignore_errors=True)
        return True

    def reset(self, name: str = DEFAULT_NAME, *, nodes: int | None = None) -> ClusterInfo:
        """Empty the cluster: same address and certificates, nothing in it. An outdated one gets the current build."""
        folder, plan = self._existing(name)
        bundle = self._bundle()
        self._progress("stopping")
        with self._lock():
            running.stop(folder, discard=True)
            for part in ("etcd", "logs"):
                shutil.rmtree(folder.path / part, ignore_errors=True)
            plan = self._decide(name, plan, bundle, nodes, None, plan.memory_limit)
            folder.write_plan(plan)
            supervisor = running.spawn(folder, bundle.supervisor)
        running.wait_until_ready(folder, supervisor, self._progress)
        return replace(self.status(name), changed=True)

    def status(self, name: str = DEFAULT_NAME) -> ClusterInfo:
        """The cluster as it is now; UserError when there is no such cluster."""
        folder, plan = self._existing(name)
        return info.read(folder, plan, self._current_bundle())

    def list(self) -> tuple[ClusterInfo, ...]:
        """All clusters of this user, by name."""
        if not self._folder.is_dir():
            return ()
        folders = [ClusterFolder(path) for path in sorted(self._folder.iterdir()) if path.is_dir()]
        return tuple(info.read(folder, plan, self._current_bundle()) for folder in folders if (plan := folder.plan()))

    def merge(self, name: str, target: Path) -> None:
        """Add the cluster's context to a kubeconfig; `down` takes it out again. An existing current-context stays."""
        folder, _ = self._existing(name)
        kubeconfigs.merge(folder.kubeconfig, target)
        kubeconfigs.remember(folder.path, target)

    def log_files(self, name: str = DEFAULT_NAME) -> dict[str, Path]:
        """The log of each part and of the supervisor, by part."""
        folder, _ = self._existing(name)
        return {path.stem: path for path in sorted(folder.logs.glob("*.log"))}

    def _existing(self, name: str) -> tuple[ClusterFolder, Plan]:
        check_name(name)
        folder = ClusterFolder(self._folder / name)
        plan = folder.plan()
        if plan is None:
            others = ", ".join(cluster.name for cluster in self.list())
            option = "" if name == DEFAULT_NAME else f" --name {name}"
            raise UserError(
                f"there is no cluster {name}" + (f"; there is {others}" if others else ""),
                fix=f"start it with fairway cluster up{option}",
            )
        return folder, plan

    def _alive(self, folder: ClusterFolder) -> bool:
        return folder.plan() is not None and running.is_alive(folder.status())

    def _bundle(self) -> bundles.Bundle:
        sources = self._current_sources()
        return bundles.ensure(
            sources,
            self._cache,
            self._progress,
            find_go=lambda: find_go(sources.go_version, self._tools, self._progress),
        )

    def _current_bundle(self) -> Path:
        return bundles.bundle_folder(self._current_sources(), self._cache)

    def _current_sources(self) -> Sources:
        if self._sources is None:
            self._sources = find_sources()
        return self._sources

    def _lock(self) -> AbstractContextManager[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return locked(self._folder, self._progress, "another fairway cluster command is at work")

    def _decide(
        self,
        name: str,
        old: Plan | None,
        bundle: bundles.Bundle,
        nodes: int | None,
        port: int | None,
        memory_limit: int,
    ) -> Plan:
        """What to start: the old plan as far as it still can be, else free ports and the defaults."""
        if old and (port or old.api_port) == old.api_port and all(map(ports.is_free, (old.api_port, old.node_port))):
            api_port, node_port = old.api_port, old.node_port
        else:
            api_port, node_port = ports.choose(2, port)
        return Plan(
            name=name,
            bundle=str(bundle.folder),
            api_port=api_port,
            node_port=node_port,
            nodes=nodes or (old.nodes if old else DEFAULT_NODES),
            kubernetes=bundle.kubernetes,
            etcd=bundle.etcd,
            kwok=bundle.kwok,
            context=context_name(name),
            memory_limit=memory_limit,
        )


def context_name(name: str) -> str:
    """The name of a cluster's context, cluster and user in kubeconfigs."""
    return f"devcluster-{name}"


def _check_same(plan: Plan, nodes: int | None, port: int | None) -> None:
    option = "" if plan.name == DEFAULT_NAME else f" --name {plan.name}"
    if nodes is not None and nodes != plan.nodes:
        raise UserError(
            f"cluster {plan.name} runs with {plan.nodes} nodes, not {nodes}",
            fix=f"fairway cluster reset{option} --nodes {nodes} starts it empty with {nodes}",
        )
    if port is not None and port != plan.api_port:
        raise UserError(
            f"cluster {plan.name} runs on port {plan.api_port}, not {port}",
            fix=f"fairway cluster down{option}, then up with --port {port}",
        )
