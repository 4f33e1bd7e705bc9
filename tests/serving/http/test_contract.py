"""Requests that are made from the OpenAPI schema meet no error of the service."""

import httpx
import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase

# Of each route; all of them take some seconds.
EXAMPLES = 6


def test_no_request_of_the_schema_is_answered_by_an_error_of_the_service(
    client: httpx.Client,
) -> None:
    """Whatever the schema allows, and much that it does not, is below 500, with one form."""
    schema = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
    schema = schema.exclude(path_regex="/events$")  # it ends with its session
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @hypothesis.settings(
            max_examples=EXAMPLES,
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        )
        @hypothesis.given(case=_cases(operation))
        def ask(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            done = case.call()
            assert done.status_code < 500, done.text
            if done.status_code == 422:
                assert "error" in done.json()

        ask()
    assert tried > 40


def _cases(operation: object) -> hypothesis.strategies.SearchStrategy[schemathesis.Case]:
    valid = operation.as_strategy()  # type: ignore[attr-defined]
    wrong = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)  # type: ignore[attr-defined]
    return valid | wrong
