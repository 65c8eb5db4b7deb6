"""Upgrades: what appeared in registries, which releases want it, and the edits that bring it to them."""
