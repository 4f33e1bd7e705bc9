"""Prefect flows: orchestration alone; every task is one call into the library."""
