"""The flags of each part, and what they fill."""
