"""Queues: in memory, in the ledger's database, and Kafka."""
