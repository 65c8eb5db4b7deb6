"""A tag together with the digest that it has: what is written, and what is said when the digest moved.

The rule not to break: a digest says nothing about newer or older; that the tag points there now is the whole reason.
"""

from __future__ import annotations

from dataclasses import replace

from fairway.domain.upgrades.verdicts import Choice, Verdict

SHOWN = 12
"""Hexadecimal digits of a digest that people are shown."""


def written(tag: str, digest: str, *, pin: bool) -> str:
    """What a file says."""
    return f"{tag}@{digest}" if pin else tag


def moved(choice: Choice, tag: str, old: str | None, new: str, held: str | None) -> Choice:
    """The choice when nothing newer than `tag` is there, but its digest is another one (or was never written)."""
    if held is not None:
        reason = f"not chosen: held: {held}"
    elif old is None:
        reason = f"current, pinned to {shown(new)}"
    else:
        reason = f"current, moved from {shown(old)} to {shown(new)}"
    about = Verdict(tag, held is None, reason)
    others = tuple(one for one in choice.verdicts if one.tag != tag)
    if held is None:
        return Choice(tag, (about, *others))
    return replace(choice, verdicts=tuple(about if one.tag == tag else one for one in choice.verdicts))


def shown(digest: str) -> str:
    algorithm, _, digits = digest.partition(":")
    return f"{algorithm}:{digits[:SHOWN]}"
