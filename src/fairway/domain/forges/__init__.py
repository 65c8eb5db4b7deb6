"""Forges: what is said to them, where they are, and what pipelines know of them."""
