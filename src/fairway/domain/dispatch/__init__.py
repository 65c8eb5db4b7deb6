"""Deployments that somebody asked for from outside: the request, its messages, and how its status is told."""
