"""Fairway over HTTP: health, metrics, webhooks, and a page that says how things are."""
