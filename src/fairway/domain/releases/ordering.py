"""In which order releases are carried out: `needs` as a graph, failures stop only dependants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def with_needs(chosen: Sequence[str], needs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The needs of each chosen release, cut to the chosen ones; a need outside the selection is taken as met."""
    wanted = set(chosen)
    return {name: tuple(n for n in needs.get(name, ()) if n in wanted and n != name) for name in chosen}


def removal_order(names: Sequence[str], needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Dependants before what they need: the reverse of installing. Cycles keep their given order."""
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        for need in needs.get(name, ()):
            if need in names:
                visit(need)
        order.append(name)

    for name in names:
        visit(name)
    return order[::-1]


def find_cycle(needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One cycle, first name repeated at the end; empty when there is none."""
    done: set[str] = set()
    for start in needs:
        trail: list[str] = []
        found = _walk(start, needs, trail, done)
        if found:
            return found
    return ()


def _walk(name: str, needs: Mapping[str, Sequence[str]], trail: list[str], done: set[str]) -> tuple[str, ...]:
    if name in trail:
        return (*trail[trail.index(name) :], name)
    if name in done:
        return ()
    trail.append(name)
    for need in needs.get(name, ()):
        found = _walk(need, needs, trail, done)
        if found:
            return found
    trail.pop()
    done.add(name)
    return ()
