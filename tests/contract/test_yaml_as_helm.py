"""Our reader against the Helm SDK's, over scalars and documents that readers disagree about."""

import json

import pytest

from fairway.domain.yaml import load

SCALARS = """
yes y Y n N on off True FALSE Null 012 08 0o14 0O7 1e3 1E3 1.10 4.0 0x10 0xFF 1_000 +5 -5 -0 2001-01-01
2001-01-01T00:00:00Z 22:22 1:2:3 ~ null 0b11 0B1 .5 -.5 5. 5.e1 1e22 0x1_0 -0x10 -012 -0o7 1e400 12e03 1,000 0.1e-7
685_230.15 _1 0_8 ! .e3 1__0 0x 0b2 0o8 + - . .. +.5 1.2.3 1e 1e+ 0.0 00 007 +012 1e5 1E-2
0x1.8 'a' "b" tRUE yEs
"""
DOCUMENTS = [
    "1: 2\n1.5: 3\n012: 4\nno: 1\nyes: 1\n",
    "x: &a {p: 1}\ny1:\n  <<: [*a, {q: 2}]\n  p: 3\n",
    "a: |\n  x\n   y\nb: >-\n  p\n  q\n",
    "a: !!str 5\nb: !x 5\nd: !!int '5'\ne: !!binary aGk=\n",
    "a: {b: 1, c}\nd: [1, [2, 3]]\n",
    "\ufeffa: 1\r\nb:\r\n  - x\r\n",
    "a: &x [1]\nb: *x\n",
]

helm = pytest.importorskip("helm_python")


@pytest.mark.parametrize("text", [f"a: {scalar}\n" for scalar in SCALARS.split()] + DOCUMENTS)
def test_yaml_means_what_helm_makes_of_it(text: str) -> None:
    try:
        theirs = helm.values_from_yaml(text)
    except Exception:
        pytest.skip("Helm refuses it")
    assert json.loads(json.dumps(load(text, "f.yaml"))) == theirs
