"""Helm, as Fairway uses it: two renderers and the stores of Helm's release records."""
