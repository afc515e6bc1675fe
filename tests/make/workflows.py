"""Workflows and their versions as rows, for tests."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.ids import new_id
from pingvas.workflows.tables import Workflow, WorkflowVersion


async def make_workflow(session: AsyncSession, user_id: UUID, **changes: Any) -> Workflow:
    """A private workflow with an empty graph and no version."""
    workflow = Workflow(id=new_id(), user_id=user_id, **({"name": "A workflow"} | changes))
    session.add(workflow)
    await session.flush()
    return workflow


async def make_version(session: AsyncSession, workflow_id: UUID, **changes: Any) -> WorkflowVersion:
    """The next version of a workflow; the database numbers it."""
    facts: dict[str, Any] = {"graph_data": {"nodes": [], "edges": []}}
    version = WorkflowVersion(id=new_id(), workflow_id=workflow_id, **(facts | changes))
    session.add(version)
    await session.flush()
    return version
