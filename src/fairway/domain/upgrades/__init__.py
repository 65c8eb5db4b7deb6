"""Upgrades: which version of an image or chart comes next, and the edit of the one file that says so."""
