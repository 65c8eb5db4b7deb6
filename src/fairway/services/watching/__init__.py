"""Noticing drift when it happens, by watching the metadata of what was deployed. Contract: docs/spec/drift.md."""
