"""The figures as lines while they come, and as Markdown tables with ratios at the end."""

from __future__ import annotations

from bench.scenarios import Row


def line(row: Row) -> str:
    """One row while the bench runs."""
    state = "" if row.cost.ok else f"  FAILED (exit {row.cost.code})\n{row.cost.output}"
    return (
        f"{row.scenario:<18} {row.tool:<18} {row.size:>5}  {row.cost.wall:7.2f} s  {row.rate:7.1f}/s{state} {row.note}"
    )


def markdown(rows: list[Row], missing: list[str], *, cores: int) -> str:
    """All tables; the ratio is Fairway's releases per second over the peer's, in the same run."""
    parts = [f"Measured on {cores} cores that the tool shares with the control plane.\n"]
    if missing:
        parts.append(f"Left out, because they are not on this machine: {', '.join(missing)}.\n")
    for scenario in dict.fromkeys(row.scenario for row in rows):
        parts.append(_table(scenario, [row for row in rows if row.scenario == scenario]))
    return "\n".join(parts)


def _table(scenario: str, rows: list[Row]) -> str:
    if all(row.note for row in rows):
        return f"### {scenario}\n\n" + "".join(f"{row.tool}, {row.size} releases: {row.note}\n" for row in rows)
    head = (
        f"### {scenario}\n\n"
        "| tool | releases | wall | releases/s | Fairway is | CPU ms/release | control plane CPU ms/release"
        " | requests/release | peak memory |\n"
        "| --- | --: | --: | --: | --: | --: | --: | --- | --: |\n"
    )
    best = max((row.rate for row in rows if row.tool == "fairway" and row.cost.ok), default=0.0)
    return head + "".join(_row(row, best) for row in rows) + "\n"


def _row(row: Row, best: float) -> str:
    if not row.cost.ok:
        return f"| {row.tool} | {row.size} | failed with exit code {row.cost.code} | | | | | | |\n"
    ratio = "" if row.tool == "fairway" or not row.rate or not best else f"{best / row.rate:.1f} ×"
    per = 1000 / row.size
    return (
        f"| {row.tool} | {row.size} | {row.cost.wall:.2f} s | {row.rate:.1f} | {ratio} | {row.cost.cpu * per:.1f}"
        f" | {row.cost.plane_cpu * per:.1f} | {_requests(row)} | {row.cost.memory / 1e6:.0f} MB |\n"
    )


def _requests(row: Row) -> str:
    if not row.requests:
        return ""
    verbs = ", ".join(f"{verb} {n:.1f}" for verb, n in row.requests.items())
    return f"{sum(row.requests.values()):.1f} ({verbs})"
