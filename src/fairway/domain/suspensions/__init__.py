"""Releases and environments that are left alone until somebody resumes them. Contract: docs/spec/suspending.md."""
