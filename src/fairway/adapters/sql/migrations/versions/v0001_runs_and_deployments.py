"""Runs, deployments and their status logs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairway.adapters.sql.tables import UtcTime, id_type, json_type

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", id_type(), primary_key=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("commit_id", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("dirty", sa.Boolean, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("repository", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("runs_by_delivery", "runs", ["delivery_id"])
    op.create_table(
        "deployments",
        sa.Column("id", id_type(), primary_key=True),
        sa.Column("run_id", id_type(), sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("chart", sa.Text, nullable=False),
        sa.Column("chart_version", sa.Text, nullable=False),
        sa.Column("chart_version_before", sa.Text, nullable=False),
        sa.Column("revision_before", sa.Integer, nullable=True),
        sa.Column("inputs_digest", sa.Text, nullable=False),
        sa.Column("plan", json_type(), nullable=False),
        sa.Column("parent_id", sa.Text, nullable=False),
        sa.Column("labels", json_type(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
    )
    op.create_index("deployments_by_run", "deployments", ["run_id", "id"])
    op.create_index("deployments_by_environment", "deployments", ["environment", "release", "id"])
    op.create_index("deployments_by_release", "deployments", ["release", "id"])
    op.create_index("deployments_by_state", "deployments", ["state", "id"])
    op.create_table(
        "statuses",
        sa.Column("deployment_id", id_type(), sa.ForeignKey("deployments.id"), primary_key=True),
        sa.Column("state", sa.String(16), primary_key=True),
        sa.Column("place", sa.SmallInteger, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=True),
    )
