"""Any layout of raw files to canonical recordings, with an account of every row.

`files` opens folders and archives, `text` parses lines, a source (`har.data.sources`)
says what they mean, `harmonise` makes recordings of them, `checks` finds what is wrong
or odd, and `ledger` counts. `dataset` runs it all over a data set.
"""
