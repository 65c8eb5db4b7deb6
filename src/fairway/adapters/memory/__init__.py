"""What needs no database: remembered for as long as the process lives (`FAIRWAY_LEDGER_URL=none`)."""
