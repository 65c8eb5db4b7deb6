"""Deployments over HTTP: GitHub's events, the API for CI, and pages that tell what came of a request."""
