"""Computing a release's values: reading the layers, asking the sources of `valueFrom`, merging, explaining."""
