"""Files encrypted with SOPS, through its own program."""
