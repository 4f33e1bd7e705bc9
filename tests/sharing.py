"""Which tests run on one worker, because they share a fixture that takes seconds.

By their ids, the only thing of a test that the scheduler knows. (The marks of pytest-xdist
3.8, `xdist_group`, do nothing with pytest 9.2, which no longer reads what they change.)
"""

import re

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    # `people`, `summary`: one finished run; `prefect`: one Prefect server.
    "run": r"tests/(cli/test_(commands|flags)|flows/"
    r"|app/test_registry_tab|e2e/test_(run|servers|acceleration|own_activities))",
    # `address`: one server of the page.
    "page": r"tests/app/test_browser",
    # `registered`: one project of hostile names.
    "hostile": r"tests/e2e/test_hostile",
    # The second registry's runs find in the store what the first one's made.
    "story": r"tests/e2e/test_story",
    # `whole`: every step of a run.
    "steps": r"tests/steps/test_(run|stale)",
    # `server`: PostgreSQL and MLflow.
    "server": r"tests/registry/.*([\[-]server[\]-]|_on_a_server)",
}


class BySharedFixture(LoadScopeScheduling):
    """Hands out the groups, the largest first, and then test by test."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for group, ids in TOGETHER.items() if re.match(ids, nodeid)), nodeid)
