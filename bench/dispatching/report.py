"""The figures as lines while they come, and as Markdown tables at the end."""

from __future__ import annotations

from collections.abc import Sequence

from bench.dispatching.running import Result, quantile


def line(result: Result) -> str:
    wanted = result.wanted
    rate = f"{wanted.rate:.0f}/s" if wanted.rate else "as fast as it goes"
    text = f"{result.place.queue:<11} {wanted.clients:>2} clients, {rate}: {result.rate:6.1f} accepted/s, "
    text += f"p50 {_ms(result.took, 0.5)}, p99 {_ms(result.took, 0.99)}"
    if result.final:
        text += f"; applied p50 {_ms(result.applied, 0.5)}, final p50 {_ms(result.final, 0.5)}"
        text += f", all told after {result.all_told:.1f} s"
    if wanted.kills:
        text += f", deployd killed {wanted.kills} times"
    text += f"; CPU hookd {_cpu(result, result.hookd_cpu)}, deployd {_cpu(result, result.deployd_cpu)}"
    return text + "".join(f"\n  WRONG {problem}" for problem in result.wrong[:5])


def tables(results: Sequence[Result]) -> str:
    accepted = [one for one in results if not one.wanted.carried_out]
    carried = [one for one in results if one.wanted.carried_out]
    return "\n".join([*_accepted(accepted), "", *_carried(carried)])


def _accepted(results: Sequence[Result]) -> list[str]:
    head = [
        "| hookd alone, queue | clients | accepted/s | p50 | p99 | CPU of hookd |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    return [
        *head,
        *(
            f"| {one.place.queue} | {one.wanted.clients} | {one.rate:.0f} | {_ms(one.took, 0.5)}"
            f" | {_ms(one.took, 0.99)} | {_cpu(one, one.hookd_cpu)} |"
            for one in results
        ),
    ]


def _carried(results: Sequence[Result]) -> list[str]:
    head = [
        "| queue | clients | accepted/s | webhook p50 | p99 | to applied p50 | p99 | to final p50 | p99"
        " | carried out/s | CPU hookd | CPU deployd | verified |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |",
    ]
    return [*head, *(_row(one) for one in results)]


def _row(result: Result) -> str:
    wanted = result.wanted
    clients = f"{wanted.clients}, {wanted.rate:.0f}/s in all" if wanted.rate else f"{wanted.clients}"
    clients += f", deployd killed {wanted.kills} ×" if wanted.kills else ""
    done = len(result.final) / result.all_told if result.all_told else 0.0
    cells = [
        result.place.queue,
        clients,
        f"{result.rate:.0f}",
        *(_ms(values, part) for values in (result.took, result.applied, result.final) for part in (0.5, 0.99)),
        f"{done:.0f}",
        _cpu(result, result.hookd_cpu),
        _cpu(result, result.deployd_cpu),
        "**wrong**" if result.wrong else "yes",
    ]
    return f"| {' | '.join(cells)} |"


def _ms(values: Sequence[float], part: float) -> str:
    found = quantile(values, part)
    return f"{found:.1f} s" if found >= 1 else f"{found * 1000:.0f} ms"


def _cpu(result: Result, seconds: float) -> str:
    return f"{seconds / len(result.answered) * 1000:.1f} ms"
