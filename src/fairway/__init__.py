"""Fairway: Git declares, events propose, one release engine carries out, one ledger remembers."""

__version__ = "0.1.0"
