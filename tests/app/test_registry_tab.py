"""The registry on the page: who is live, the gate's rules, two versions, the history."""

import os
from typing import Any
from unittest import mock

from paging import RunPage, shown
from support import Project

from har.app.options import AppOptions


def test_registry_is_shown(people: Project, summary: Any, run_page: RunPage) -> None:
    """As `har registry list`, `show`, `compare` and `history` tell it."""
    found = people.json("registry", "list")
    places = (
        f"store={people.folder}/data/store",
        f"registry.tracking_uri=sqlite:///{people.folder}/mlruns/mlflow.db",
        f"registry.audit={people.folder}/mlruns/history/har/audit.jsonl",
    )
    with mock.patch.dict(os.environ, {"HAR_EVALUATE__BOOTSTRAP": "100"}):
        page = run_page(AppOptions(overrides=places))
        page.session_state["tab"] = "Registry"
        page.run()
        html = shown(page)
        champion = next(v for v in found if "champion" in v["aliases"])
        assert f"Answered by har version {champion['number']}" in html
        assert f"<dt>Live</dt><dd>version {champion['number']}</dd>" in html
        assert f"The gate passed version {champion['number']}" in html
        for rule in champion["gate"]["rules"]:
            assert f">{rule['name']}</th>" in html
        assert ">promotion</td>" in html
        next(toggle for toggle in page.toggle if toggle.key == "compare").set_value(True)
        page.run()
        assert not page.exception
        assert "F1 by class" in shown(page)
