"""From bytes to windows: sources, schema, cleaning, subject splits, windows.

A *recording* is one continuous stretch of one subject's sensor data: a table
with the columns of `har.data.schema`, and a `RecordingMeta` that says where it
came from. A *window* is a fixed-length cut of a recording.
"""
