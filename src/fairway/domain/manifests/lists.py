"""Lists among manifests: `kind: List` and its relatives stand for their items.

Source: client-go's unstructured decoding, which Helm uses through cli-runtime's resource builder.
"""

from __future__ import annotations

from fairway.domain.manifests.objects import Object


def flatten(obj: Object) -> list[Object]:
    """The object itself, or the items of a list, to any depth; items inherit what a typed list implies.

    `ConfigMapList` items without kind are ConfigMaps of the list's apiVersion, as client-go fills them in.
    """
    items = obj.get("items")
    kind = obj.get("kind")
    if not isinstance(items, list) or not isinstance(kind, str) or not kind.endswith("List"):
        return [obj]
    implied = {} if kind == "List" else {"apiVersion": obj.get("apiVersion", ""), "kind": kind.removesuffix("List")}
    return [
        leaf
        for item in items
        if isinstance(item, dict)
        for leaf in flatten(item if item.get("kind") else {**item, **implied})
    ]
