"""The real helm, run on one namespace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class HelmError(Exception):
    """helm ended with another exit code than 0; the text is what it said."""


@dataclass(frozen=True)
class Helm:
    program: Path
    kubeconfig: Path
    namespace: str
    scratch: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """Variables such as HELM_DRIVER."""

    async def __call__(self, *words: str | Path) -> str:
        process = await asyncio.create_subprocess_exec(
            self.program,
            *map(str, words),
            "--namespace",
            self.namespace,
            "--kubeconfig",
            str(self.kubeconfig),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"HOME": str(self.scratch), "HELM_NO_PLUGINS": "1", "PATH": "/usr/bin:/bin", **self.settings},
        )
        out, err = await process.communicate()
        if process.returncode:
            raise HelmError(f"helm {' '.join(map(str, words))}: {err.decode()}")
        return out.decode()

    async def install(self, name: str, chart: Path, values: Mapping[str, Any] | None = None, *more: str) -> str:
        return await self("install", name, chart, "-f", self._file(name, values), *more)

    async def upgrade(self, name: str, chart: Path, values: Mapping[str, Any] | None = None, *more: str) -> str:
        return await self("upgrade", name, chart, "-f", self._file(name, values), *more)

    async def json(self, *words: str) -> Any:
        return json.loads(await self(*words, "-o", "json"))

    async def history(self, name: str) -> list[tuple[int, str, str]]:
        return [(r["revision"], r["status"], r["description"]) for r in await self.json("history", name)]

    def _file(self, name: str, values: Mapping[str, Any] | None) -> Path:
        file = self.scratch / f"{self.namespace}-{name}.yaml"
        file.write_text(yaml.safe_dump(dict(values or {})))
        return file
