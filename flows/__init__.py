"""Prefect flows: orchestration alone; every task is one call into the library."""

import har  # noqa: F401 - switches telemetry off before Prefect is imported
