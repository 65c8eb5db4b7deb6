"""Releases: stored revisions, what state a release is in, which one action follows, and plans."""
