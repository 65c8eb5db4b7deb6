"""Registries of images: over the OCI distribution protocol, and in memory."""
