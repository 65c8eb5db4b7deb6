"""Fairway beside its peers on a real control plane, in the same run; `make bench`, figures in docs/benchmarks.md."""
