"""The deployments repository: what people write, where they wrote it, and what is wrong with it."""
