"""`python -m bench.editing`: what an edit of a large file costs, with reading it before and after to verify it.

Each figure is the median of several runs on fresh bytes: nothing is remembered from the run before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fairway.domain.errors import Position
from fairway.domain.upgrades.adding import add_value, set_in_values_file
from fairway.domain.upgrades.documents import edit_document
from fairway.domain.upgrades.splice import splice, splice_all
from fairway.domain.upgrades.written import read_written
from fairway.domain.values.layers import LayerKind
from fairway.domain.values.tracing import Origin
from fairway.domain.yaml import Path as YamlPath
from fairway.services.loading import read_repository
from fairway.services.upgrades.patching import ValueEdit, edit_values

RELEASES = 300
SIZE = 96 * 1024

ENVIRONMENTS = """\
helmRepos: [{name: stable, url: "https://charts.example"}]
clusters: [{name: c, provider: {minikube: {}}}]
environments:
  - {name: prod, clusterName: c, kubeNamespace: prod, releasesFiles: [releases.yaml]}
"""
RELEASE = """\
  # Owned by team {i}.
  - name: service-{i}
    chart: {{reference: stable/web, version: "1.2.{i}"}}
    values:
      - {{key: image.repository, value: registry.example/team/service-{i}}}
      - {{key: image.tag, value: "4.0.{i}"}} # upgraded by Fairway
      - {{key: replicas, value: 2}}
    triggers:
      - image: {{track: PatchLevel}}
"""
OBJECT = """\
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: service-{i}}}
spec:
  values:
    image: {{repository: registry.example/team/service-{i}, tag: 4.0.{i}}}
"""
TAG: YamlPath = ("releases", RELEASES // 2, "values", 1, "value")


def releases() -> str:
    """96 KiB with 300 releases; what is short of it stands in comments between them, as people leave them."""
    entries = [RELEASE.format(i=i) for i in range(RELEASES)]
    missing = SIZE - sum(map(len, entries))
    note = "  # " + "n" * max(missing // RELEASES - 5, 0) + "\n"
    return "releases:\n" + "".join(note + entry for entry in entries)


def measured(name: str, size: int, runs: int, work: Callable[[int], object]) -> None:
    walls, cpus = [], []
    for run in range(runs):
        read_written.cache_clear()
        wall, cpu = time.perf_counter(), time.process_time()
        work(run)
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    walls.sort()
    high = walls[min(int(len(walls) * 0.95), len(walls) - 1)]
    print(
        f"{name:<51} {size / 1024:4.0f} KiB  best {walls[0]:5.1f} ms  median {statistics.median(walls):5.1f} ms"
        f"  95 % {high:5.1f} ms  CPU {statistics.median(cpus):5.1f} ms",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.editing", description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    runs = parser.parse_args().runs
    text = releases()
    data = text.encode()
    size = len(data)

    measured("one tag of 300 releases", size, runs, lambda run: splice(data, "f.yaml", TAG, f"5.{run}.1"))
    many: dict[YamlPath, str] = {("releases", i, "values", 1, "value"): "5.0.1" for i in range(90)}
    measured("90 tags at once", size, runs, lambda run: splice_all(data, "f.yaml", many))
    release = ("releases", RELEASES // 2)
    measured("a value more", size, runs, lambda run: add_value(data, "f.yaml", release, "log.tag", f"5.{run}"))
    anchored = text.replace("replicas, value: 2", "replicas, value: &two 2", 1).encode()
    measured("one tag, a file with anchors", size, runs, lambda run: splice(anchored, "f.yaml", TAG, f"5.{run}.1"))

    lock = "".join(f'prod/service-{i}:\n  image.tag: "4.0.{i}"\n' for i in range(RELEASES)).encode()
    entry = ("prod/service-150", "log.tag")
    measured("an entry more of a lock file", len(lock), runs, lambda run: set_in_values_file(lock, "l", entry, "5"))
    objects = "".join(OBJECT.format(i=i) for i in range(RELEASES)).encode()
    inside = ("spec", "values", "image", "tag")
    measured(
        "one tag of 300 HelmRelease documents", len(objects), runs,
        lambda run: edit_document(objects, "o.yaml", RELEASES // 2, inside, f"5.{run}.1", splice),
    )  # fmt: skip
    values = {f"service-{i}": {"image": {"repository": f"r.example/{i}", "tag": f"4.0.{i}"}} for i in range(1100)}
    as_json = json.dumps(values, indent=2).encode()
    path = ("service-500", "image", "tag")
    measured("one tag of a JSON file", len(as_json), runs, lambda run: splice(as_json, "v.json", path, f"5.{run}.1"))
    with tempfile.TemporaryDirectory(prefix="fairway-bench-") as folder:
        _on_disk(Path(folder), text, runs)


def _on_disk(folder: Path, text: str, runs: int) -> None:
    """With finding the place, the checks for other releases, and replacing the file."""
    (folder / "environments.yaml").write_text(ENVIRONMENTS)
    file = folder / "releases.yaml"
    file.write_text(text)
    repository = read_repository(folder / "environments.yaml", folder).complete()
    edits = []
    for release in repository.environments[0].releases:
        position = release.values[1].position
        origin = Origin(LayerKind.RELEASE, position, ("image", "tag"), release.values[1].value, release.values[1].value)
        edits.append(ValueEdit("prod", release, "image.tag", "5.0.1", Position(""), (origin,)))

    def edit(number: int) -> Callable[[int], object]:
        def work(run: int) -> object:
            file.write_text(text)
            done = asyncio.run(edit_values(repository, edits[:number], folder))
            assert done.files == ("releases.yaml",)
            assert not done.refused
            return done

        return work

    measured("one upgrade on disk, place found and file replaced", len(text), runs, edit(1))
    measured("90 upgrades on disk", len(text), runs, edit(90))


if __name__ == "__main__":
    main()
