"""Leaving releases alone, and going on with them: `fairway suspend` and `fairway resume`."""
