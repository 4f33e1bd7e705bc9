"""Notices: who hears of what happens to a model.

- `messages`: one notice for each event that concerns others.
- `receivers`: who hears of it: webhooks and a Prefect server.
- `delivery`: every receiver hears every notice at least once, in order.
"""
