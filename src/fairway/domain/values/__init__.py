"""Values of a release: layers, merge, Helm's coalescing, provenance and masking. Contract: docs/spec/values.md."""
