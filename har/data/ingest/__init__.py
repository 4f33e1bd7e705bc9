"""Any layout of raw files to canonical recordings, with an account of every row.

`files` opens folders and archives, `text` parses lines, a source (`har.data.sources`)
says what they mean, `harmonise` makes recordings of them, `checks` finds what is wrong
or odd, and `ledger` counts. `items` does all of it for one group of files, `dataset` for a
data set, and `catalogue` remembers. `tables` and `mapping` read a user's own tables,
`partition` sorts long ones, `copies` finds the same samples twice, `download` fetches.
"""
