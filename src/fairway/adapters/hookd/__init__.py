"""A hookd somewhere else, asked over HTTP."""
