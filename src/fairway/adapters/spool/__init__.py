"""Where records wait for the ledger: lines in files of this machine, or in this process when there is no disk."""
