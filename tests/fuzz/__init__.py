"""One fuzzer for whatever HAR reads of strangers: sound inputs, damaged, and what must hold.

A target (`fuzz.target`) has seeds, damages them and checks what comes of them: `readers`
(ingestion and prediction), `mappings`, `settings`, `onnx_files`, `checkpoints` and `streams`.
`damage` is what all of them do to bytes and values, `guard` what holds for all of them,
`running` makes one input after another, `findings` makes those that fail small and keeps them.
Every input follows from a seed and its number alone.

    python scripts/fuzz.py --minutes 10 --seed 1 --only readers

Not Hypothesis: an input may hang or kill its process, and runs go on for hours; not Atheris: it
sees no further than Python, and what reads bytes here is compiled.
"""
