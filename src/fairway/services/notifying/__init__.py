"""Tells people and other programs what happened, through the channels that they chose."""
