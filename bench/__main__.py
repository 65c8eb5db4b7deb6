"""`make bench`: Fairway beside its peers. `--sizes 100,500 --scenarios install,upgrade,unchanged,…`."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from bench import report, scenarios
from bench.peers import present
from bench.plane import BenchPlane


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--sizes", default="100", help="fleet sizes, separated by commas")
    parser.add_argument("--scenarios", default=",".join(scenarios.ALL), help=f"of {', '.join(scenarios.ALL)}")
    parser.add_argument("--kubeconfig", type=Path, help="an existing control plane instead of one of our own")
    parser.add_argument("--context", default="")
    parser.add_argument("--no-peers", action="store_true", help="measure Fairway alone")
    parser.add_argument("--kills", type=int, default=50, help="how often the interrupted upgrade is killed")
    parser.add_argument("--out", type=Path, help="write the tables to this Markdown file as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fairway-bench-") as name:
        folder = Path(name)
        tools, missing = present(folder / "data")
        if options.no_peers:
            tools = tools[:1]
        with BenchPlane.open(options.kubeconfig, options.context) as plane:
            results: list[scenarios.Row] = []
            for scenario in options.scenarios.split(","):
                for size in (int(s) for s in options.sizes.split(",")):
                    bench = scenarios.Bench(plane, folder, tools, size, kills=options.kills)
                    for row in asyncio.run(scenarios.ALL[scenario](bench)):
                        print(report.line(row), flush=True)
                        results.append(row)
        text = report.markdown(results, missing, cores=os.cpu_count() or 1)
        print("\n" + text)
        if options.out:
            options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
