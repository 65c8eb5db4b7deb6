"""Credential plugins: a program of the cloud provider prints a token or a client certificate.

The rule not to break: what the plugin prints on stdout is secret and never shown; what it prints on stderr is for
people. Source: client.authentication.k8s.io v1 and v1beta1.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from fairway.adapters.kube.credentials import Credential
from fairway.adapters.kube.target import ExecPlugin, Target
from fairway.domain.errors import Transient, UserError

PLUGIN_TIMEOUT = 120.0
"""Seconds; a plugin that opens a browser takes its time."""


class ExecSource:
    """Runs the plugin whenever new credentials are needed."""

    def __init__(self, plugin: ExecPlugin, target: Target, env: Mapping[str, str]) -> None:
        self._plugin = plugin
        self._target = target
        self._env = env

    async def fetch(self) -> Credential:
        """Raises UserError when the program is missing, fails or answers nonsense; Transient when it hangs."""
        plugin = self._plugin
        terminal = sys.stdin is not None and sys.stdin.isatty()
        if plugin.interactive_mode == "Always" and not terminal:
            raise self._error("needs a terminal to ask for credentials, and there is none")
        interactive = terminal and plugin.interactive_mode != "Never"
        info = orjson.dumps(self._info(interactive)).decode()
        try:
            process = await asyncio.create_subprocess_exec(
                self._command(),
                *plugin.args,
                stdin=None if interactive else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=None if interactive else asyncio.subprocess.PIPE,
                env={**self._env, **plugin.env, "KUBERNETES_EXEC_INFO": info},
            )
        except OSError as error:
            raise self._error(f"can't be started: {error.strerror}") from error
        try:
            async with asyncio.timeout(PLUGIN_TIMEOUT):
                out, err = await process.communicate()
        except TimeoutError as error:
            raise Transient(
                f"the credential plugin {plugin.command} did not answer in {PLUGIN_TIMEOUT:.0f} s"
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode:
            said = (err or b"").decode(errors="replace").strip()[-600:]
            raise self._error(f"failed with exit code {process.returncode}" + (f": {said}" if said else ""))
        return self._read(out)

    def _command(self) -> str:
        command = self._plugin.command
        if "/" in command and not command.startswith("/") and self._plugin.folder is not None:
            return str(self._plugin.folder / command)
        return command

    def _info(self, interactive: bool) -> dict[str, Any]:
        spec: dict[str, Any] = {"interactive": interactive}
        if self._plugin.provide_cluster_info:
            spec["cluster"] = self._cluster()
        return {"apiVersion": self._plugin.api_version, "kind": "ExecCredential", "spec": spec}

    def _cluster(self) -> dict[str, Any]:
        target = self._target
        cluster: dict[str, Any] = {"server": target.server, "config": self._plugin.cluster_config}
        if target.ca:
            cluster["certificate-authority-data"] = base64.b64encode(target.ca).decode()
        if target.insecure:
            cluster["insecure-skip-tls-verify"] = True
        if target.server_name:
            cluster["tls-server-name"] = target.server_name
        if target.proxy:
            cluster["proxy-url"] = target.proxy
        return cluster

    def _read(self, out: bytes) -> Credential:
        try:
            answer = orjson.loads(out)
            version, status = answer["apiVersion"], answer["status"]
            expires = status.get("expirationTimestamp")
            until = datetime.fromisoformat(expires).timestamp() if expires else None
            token = str(status.get("token") or "")
            certificate = str(status.get("clientCertificateData") or "").encode()
            key = str(status.get("clientKeyData") or "").encode()
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise self._error("printed something that is no ExecCredential") from error
        if version != self._plugin.api_version:
            raise self._error(f"answered in {version}, but {self._plugin.api_version} was asked for")
        if bool(certificate) != bool(key) or not (token or certificate):
            raise self._error("gave neither a token nor a client certificate with its key")
        return Credential(f"Bearer {token}" if token else "", certificate, key, until)

    def _error(self, what: str) -> UserError:
        hint = self._plugin.install_hint or f"run it by hand to see why: {self._plugin.command}"
        return UserError(f"the credential plugin {self._plugin.command} {what}", where=self._target.where, fix=hint)
