"""Package URLs of images. Source: the purl specification, types `oci` and `docker`.

`pkg:oci/web@sha256%3A…?repository_url=registry.example/shop/web&tag=1.4.2`: the address ends in the name; the version
is a digest. `pkg:docker/shop/web@1.4.2?repository_url=registry.example`: the address is a host; the version is a tag or
a digest.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

from fairway.domain.upgrades.images import ImageReference
from fairway.domain.webhooks.registries.naming import image_at


def image_of(purl: str) -> ImageReference | None:
    """None when it is no image. Raises Malformed when it is one of a bad form."""
    scheme, _, rest = purl.partition(":")
    kind, slash, rest = rest.lstrip("/").partition("/")
    if scheme.lower() != "pkg" or not slash or kind.lower() not in ("oci", "docker"):
        return None
    path, _, query = rest.partition("#")[0].partition("?")
    path, _, version = path.partition("@")
    qualifiers = {key.lower(): value for key, value in parse_qsl(query)}
    name, version = unquote(path).strip("/"), unquote(version)
    address = qualifiers.get("repository_url", "").removeprefix("https://").removeprefix("http://").rstrip("/")
    digest, tag = (version, "") if ":" in version else ("", version)
    tag = qualifiers.get("tag") or tag
    suffix = (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    return image_at(f"{_repository(kind.lower(), name, address)}{suffix}", "the package URL")


def _repository(kind: str, name: str, address: str) -> str:
    if not address:
        return name
    if kind == "oci" and address.rpartition("/")[2].lower() == name.lower():
        return address
    return f"{address}/{name}"
