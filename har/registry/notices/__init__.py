"""Notices: who hears of what happens to a model.

- `messages`: one notice for each event that concerns others.
- `delivery`: webhooks and a Prefect server, which hear every notice at least once.
"""
