"""Remembering every change: recorded before it begins, kept through crashes, found by a few characters of its id."""
