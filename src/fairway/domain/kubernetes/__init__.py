"""What Kubernetes itself is: its versions, built-in kinds, and what has gone from it. Known without asking a cluster.

The rule not to break: facts about releases of Kubernetes stand in `builtin.py` and nowhere else.
"""
