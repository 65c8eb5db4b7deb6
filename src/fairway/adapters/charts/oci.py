"""Charts from OCI registries, by the distribution protocol.

The rule not to break: nothing is believed before its digest was computed here: the manifest against the tag's or the
reference's digest, the layer against the manifest. Sources: OCI distribution specification, Helm `pkg/registry`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from fairway.adapters.charts.oci_session import OciSession, OciSessions
from fairway.adapters.charts.repository import LARGEST_ARCHIVE, choose_version
from fairway.adapters.charts.web import Answer
from fairway.domain.charts.addresses import OciAddress, parse_oci, tag_of, version_of, wants_range
from fairway.domain.charts.archive import MIB
from fairway.domain.charts.sources import Identity, Resolved
from fairway.domain.charts.versions import is_exact, nearest, newest_first
from fairway.domain.errors import Terminal, UserError
from fairway.domain.repository.models import ChartReference

LAYER_TYPES = (
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
)
MANIFEST_TYPES = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
MOST_PAGES = 1000
_NEXT = re.compile(r'<([^>]*)>[^<]*?;\s*rel\s*=\s*"?next\b', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Layer:
    address: OciAddress
    digest: str


class OciRegistry:
    """`oci://host/path/name` with a version, a range, or `@sha256:…`."""

    def __init__(self, sessions: OciSessions) -> None:
        self._sessions = sessions

    def identify(self, ref: ChartReference) -> Identity:
        address = parse_oci(ref.location)
        wanted = address.digest or ref.version or address.tag or ""
        return Identity(_key(address, wanted), bool(address.digest) or not wants_range(wanted or None))

    async def resolve(self, ref: ChartReference) -> Resolved:
        address = parse_oci(ref.location)
        session = await self._sessions.of(address.host, address.repository)
        wanted = ref.version or (version_of(address.tag) if address.tag else "")
        if address.digest:
            version, reference = wanted, address.digest
        elif is_exact(wanted):
            version, reference = wanted, tag_of(wanted)
        else:
            tags = await self._tags(session, address)
            version = choose_version(wanted, [version_of(tag) for tag in tags], f"oci://{_name(address)}")
            reference = tag_of(version)
        answer = await session.get(f"manifests/{reference}", limit=4 * MIB, headers={"Accept": MANIFEST_TYPES})
        if answer.status == 404:
            raise await self._no_version(session, address, version or reference)
        _expect(answer, session, address)
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if address.digest and digest != address.digest:
            raise Terminal(f"oci://{_name(address)}: the manifest does not have the digest {address.digest}")
        layer = _layer(answer.body, address)
        key = _key(address, address.digest or version)
        return Resolved(key, version, _Layer(address, layer), layer)

    async def fetch(self, chart: Resolved, scratch: Path) -> bytes:
        layer: _Layer = chart.location
        session = await self._sessions.of(layer.address.host, layer.address.repository)
        answer = await session.get(f"blobs/{layer.digest}", limit=LARGEST_ARCHIVE)
        _expect(answer, session, layer.address)
        return answer.body

    async def versions(self, ref: ChartReference) -> list[str]:
        address = parse_oci(ref.location)
        session = await self._sessions.of(address.host, address.repository)
        return newest_first(version_of(tag) for tag in await self._tags(session, address))

    async def _tags(self, session: OciSession, address: OciAddress) -> list[str]:
        """All tags; registries give them in pages, the next one named in a Link header."""
        tags: list[str] = []
        path = "tags/list?n=1000"
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            seen.add(path)
            answer = await session.get(path, limit=32 * MIB)
            if answer.status == 404:
                raise UserError(
                    f"there is no chart oci://{_name(address)}", fix="check the path; it ends in the chart's name"
                )
            _expect(answer, session, address)
            tags += _json(answer.body, address).get("tags") or []
            path = next_page(answer)
            if not path:
                return tags
            if path in seen:
                raise Terminal(f"oci://{_name(address)}: the registry's pages of tags go round in a circle")
        raise Terminal(f"oci://{_name(address)} has more than {MOST_PAGES} pages of tags")

    async def _no_version(self, session: OciSession, address: OciAddress, wanted: str) -> UserError:
        try:
            near = nearest(wanted, [version_of(tag) for tag in await self._tags(session, address)])
        except (UserError, Terminal):
            near = []
        fix = f"there are e.g. {', '.join(near)}" if near else "check the path; it ends in the chart's name"
        return UserError(f"there is no chart oci://{_name(address)} {wanted}".rstrip(), fix=fix)


def _expect(answer: Answer, session: OciSession, address: OciAddress) -> None:
    if answer.status == 200:
        return
    if answer.status in (401, 403):
        what = "the login was refused" if session.has_login else "it wants a login"
        fix = f"helm registry login {address.host}, docker login {address.host}, or an entry in helmRepos"
        raise UserError(f"oci://{_name(address)}: {what} ({answer.status})", fix=fix)
    raise UserError(f"oci://{_name(address)}: the registry answers {answer.status}", fix="check the address")


def _layer(manifest: bytes, address: OciAddress) -> str:
    """The digest of the chart's archive."""
    parsed = _json(manifest, address)
    if "manifests" in parsed:
        raise Terminal(f"oci://{_name(address)} is an image index, not a chart")
    kind = (parsed.get("config") or {}).get("mediaType")
    for layer in parsed.get("layers") or ():
        digest = layer.get("digest") if isinstance(layer, dict) else None
        if isinstance(digest, str) and digest.startswith("sha256:") and layer.get("mediaType") in LAYER_TYPES:
            return digest
    raise Terminal(f"oci://{_name(address)} is not a Helm chart: it is {kind or 'something else'}")


def _json(body: bytes, address: OciAddress) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise Terminal(f"oci://{_name(address)}: the registry's answer is not JSON") from error
    return parsed if isinstance(parsed, dict) else {}


def next_page(answer: Answer) -> str:
    """The address in a Link header with `rel="next"`, or the empty text. Source: RFC 8288."""
    match = _NEXT.search(answer.headers.get("link", ""))
    return urljoin(answer.url, match[1]) if match else ""


def _name(address: OciAddress) -> str:
    return f"{address.host}/{address.repository}"


def _key(address: OciAddress, wanted: str) -> str:
    return f"oci|{_name(address)}|{wanted}"
