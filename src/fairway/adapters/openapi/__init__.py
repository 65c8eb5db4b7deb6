"""Where schemas of Kubernetes objects come from: a recording that travels along, or the cluster that is asked.

The rule not to break: both go through `domain.kubernetes.schemas.compact`, so they are checked alike.
"""
