"""The parts of `python -m bench.dispatch`: who asks, GitHub, the processes, and what came of it."""
