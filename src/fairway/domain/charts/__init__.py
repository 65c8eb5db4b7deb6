"""Charts: references, digests, and what rendering one takes and gives."""
