"""Which test process runs which test: a file's together, and the rest of the run goes on when a process dies in a test.

What a file or folder sets up for all of its tests is then set up once. pytest-xdist's own groups would do, but 3.8 loses them
beside pytest 9.2 without a word (pytest-dev/pytest-xdist#1386). And it waits forever when a process dies: it hands what
that had finished to the others as work, and its replacement waits for a second test before it begins the first (#1323,
#1327, #1189).
"""

from __future__ import annotations

from collections import OrderedDict

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

Units = dict[str, dict[str, bool]]  # by group: its tests, and whether each is done
# Folders whose tests share one running studio.
TOGETHER = ("tests/browser", "tests/chaos")


class SchedulingThatGoesOn(LoadScopeScheduling):  # type: ignore[misc]
    """`--dist=loadfile`, except that some folders stay together, and that a test in which a process died is not run again,
    and everything else is."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)

    def remove_node(self, node: WorkerController) -> str | None:
        workload: Units = self.assigned_work.pop(node)
        left: Units = {
            scope: {name: done for name, done in tests.items() if not done}
            for scope, tests in workload.items()
        }
        running = next((name for tests in left.values() for name in tests), None)
        if running is None:
            return None
        for tests in left.values():
            tests.pop(running, None)
        # In front, so that a group whose process died begins anew at once.
        waiting: Units = {scope: tests for scope, tests in left.items() if tests}
        waiting.update(self.workqueue)
        self.workqueue: Units = OrderedDict(waiting)
        for other in self.assigned_work:
            self._reschedule(other)
        return running

    def _reschedule(self, node: WorkerController) -> None:
        """Give work to a process until it has more than it needs to begin; it must have said which tests it has."""
        while node in self.registered_collections and not node.shutting_down:
            super()._reschedule(node)
            if self._pending_of(self.assigned_work[node]) > 2:
                return
