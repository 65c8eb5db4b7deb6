"""The places charts come from, one file each, and the cache on this machine."""
