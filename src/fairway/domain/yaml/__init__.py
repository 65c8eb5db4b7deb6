"""YAML as Helm reads it, with the place of everything in the file.

The rule not to break: what `load` returns for a text is what Helm's own reader (go-yaml 1.1 scalars, then JSON) makes
of it; tests/contract/test_yaml_as_helm.py compares the two. Differences on purpose: a key that stands twice, a
second document and a text that cannot be read are errors with positions, never a silent choice.
"""

from fairway.domain.yaml.loading import compose, compose_nodes, load, load_all, load_with_positions
from fairway.domain.yaml.positions import Path, Positions, Scalar
from fairway.domain.yaml.scalars import plain_scalar, reads_differently
from fairway.domain.yaml.writing import dump, dump_all

__all__ = [
    "Path",
    "Positions",
    "Scalar",
    "compose",
    "compose_nodes",
    "dump",
    "dump_all",
    "load",
    "load_all",
    "load_with_positions",
    "plain_scalar",
    "reads_differently",
]
