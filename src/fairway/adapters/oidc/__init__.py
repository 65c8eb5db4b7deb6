"""Tokens that others sign, checked with the keys that they publish."""
