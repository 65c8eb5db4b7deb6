"""What deployd instances have begun; `migrations/versions/v0006_taken.py` says how the table came to be."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table, Text

from fairway.adapters.sql.tables import UtcTime, json_type, metadata

taken = Table(
    "taken",
    metadata,
    Column("cluster", Text, primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("applied", json_type(), nullable=False),
    Column("watching_since", UtcTime, nullable=True),
    Column("outcome", json_type(), nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("reported", Boolean, nullable=False),
    Index("taken_unreported", "cluster", "ended", "reported"),
    Index("taken_by_time", "cluster", "at"),
)
"""`outcome` is empty until `ended`, and then never changes. Several clusters may share a database."""
