"""One of several acts at a time. Contract: docs/spec/leadership.md."""
