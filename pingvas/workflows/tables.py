"""Tables of workflows: graphs of nodes, and every saved version of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, FetchedValue, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import CreatedAt, Id, UpdatedAt, one_of
from pingvas.base.db import Base


class Workflow(Base):
    """A graph as it stands now; `usage_count` is how often others started from it as a template."""

    __tablename__ = "workflows"
    __table_args__ = (
        one_of("workflows", "visibility", "private", "public", "unlisted"),
        CheckConstraint("usage_count >= 0", name="chk_workflows_usage_count"),
    )
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - SQLAlchemy reads it as a class attribute

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    description: Mapped[str | None]
    graph_data: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("""'{"nodes": [], "edges": []}'::jsonb""")
    )
    is_template: Mapped[bool] = mapped_column(server_default=text("false"))
    visibility: Mapped[str] = mapped_column(server_default="private")
    usage_count: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class WorkflowVersion(Base):
    """A snapshot of a graph. A trigger numbers versions 1, 2, 3… without gaps, also when two devices save at once."""

    __tablename__ = "workflow_versions"
    __table_args__ = (
        UniqueConstraint("workflow_id", "version_number"),
        CheckConstraint("version_number >= 1", name="chk_workflow_versions_version_number"),
    )

    id: Mapped[Id]
    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflows.id", ondelete="CASCADE"))
    version_number: Mapped[int] = mapped_column(server_default=FetchedValue())
    graph_data: Mapped[dict[str, Any]]
    change_note: Mapped[str | None]
    created_at: Mapped[CreatedAt]
