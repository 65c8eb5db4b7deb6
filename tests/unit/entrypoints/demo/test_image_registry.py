"""The demo's registry: what is pushed to it is found by the product's own registry client, and told to the webhook."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from fairway.entrypoints.demo.image_registry import ImageRegistry, push_image, serve_images
from fairway.wiring.upgrades import image_registry


def test_a_pushed_image_is_seen_with_its_digest_and_date(tmp_path: Path) -> None:
    envelopes: list[bytes] = []
    with serve_images(ImageRegistry(envelopes.append)) as host:
        digest = push_image(host, "shop/orders", "1.4.2", {"org.opencontainers.image.source": "https://git.example/o"})
        push_image(host, "shop/orders", "1.4.3")

        async def look() -> None:
            async with image_registry(tmp_path, env={"HOME": str(tmp_path)}) as images:
                assert sorted(await images.tags(f"{host}/shop/orders")) == ["1.4.2", "1.4.3"]
                assert await images.digest(f"{host}/shop/orders", "1.4.2") == digest
                assert await images.created(f"{host}/shop/orders", "1.4.3") is not None
                assert await images.digest(f"{host}/shop/orders", "9.9") is None

        asyncio.run(look())
    assert [json.loads(one)["events"][0]["target"]["tag"] for one in envelopes] == ["1.4.2", "1.4.3"]


def test_a_blob_that_is_not_what_was_announced_is_refused() -> None:
    status, _ = ImageRegistry().put("/v2/a/blobs/uploads/1", {"digest": ["sha256:0"]}, b"x")
    assert status == 400
