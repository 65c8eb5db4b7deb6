"""Kubernetes objects as Fairway handles them: identity, Helm's order and hooks, patches, differences."""
