"""A release's manifest for people to read: hooks included, Secrets masked."""

from __future__ import annotations

from collections.abc import Iterable

from fairway.domain.manifests.masking import is_secret
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.rendered import manifest_text
from fairway.domain.values.secrets import MASK, SecretRegister
from fairway.domain.yaml import dump
from fairway.services.engine.content import Content, source_of
from fairway.services.engine.ports import Renderer


async def manifest_for_people(content: Content, renderer: Renderer, secrets: SecretRegister | None) -> str:
    """Documents in install order, then hooks, each with its source; `secrets` None shows everything."""
    text = content.manifest + manifest_text((hook.path, hook.manifest) for hook in content.hooks)
    if secrets is None:
        return text
    documents = await renderer.parse(text)
    return "".join(f"---\n{part}\n" for part in _masked(documents, secrets))


def _masked(documents: Iterable[tuple[str, Object]], secrets: SecretRegister) -> Iterable[str]:
    shown: set[str] = set()
    for text, obj in documents:
        if is_secret(obj):
            masked = {key: dict.fromkeys(obj[key], MASK) for key in ("data", "stringData") if obj.get(key)}
            source = source_of(text)
            yield (f"# Source: {source}\n" if source else "") + dump({**obj, **masked}).rstrip("\n")
        elif text not in shown:
            shown.add(text)
            yield secrets.mask(text)
