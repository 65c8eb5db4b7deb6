"""Pushes of images as registries report them: one pure reader for each sender.

The rule not to break: a payload with several images gives several events, one without a push none and says why, and a
malformed one raises Malformed, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.registries import azure, cdevents, docker_hub, ecr, generic, ghcr, google, harbor, quay

Reader = Callable[[Delivery], Parsed]

REGISTRY_SENDERS: Mapping[str, Reader] = MappingProxyType(
    {
        "docker-hub": docker_hub.parse,
        "ghcr": ghcr.parse,
        "quay": quay.parse,
        "harbor": harbor.parse,
        "ecr": ecr.parse,
        "gcr": google.parse,
        "acr": azure.parse,
        "gitlab": generic.parse_gitlab,
        "generic": generic.parse,
        "cdevents": cdevents.parse,
    }
)
"""`/hooks/registry/NAME`"""

PUBSUB: Reader = google.parse
"""`/hooks/pubsub`"""
