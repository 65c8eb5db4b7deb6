"""The agent: Git to the cluster, level-triggered, one environment at a time and all of them side by side."""
