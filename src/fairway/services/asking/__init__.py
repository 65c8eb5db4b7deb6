"""Asks for deployments from outside, as a pipeline does, and follows them to their end."""
