"""The ledger's record: what a deployment is, how its status moves, and how people name and find it."""
