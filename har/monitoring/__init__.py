"""How served models are watched: what they answer on recordings that nobody labelled.

Scores of labelled windows say how good a model was when it was made. Here is what can be
said of it where it serves, without labels: `har.monitoring.shadow` holds its answers
against those of another model on the same recordings.

This room reads models through `har.serving` and knows no registry: whoever calls it says
which files to watch, and decides what to do with what was seen.
"""
