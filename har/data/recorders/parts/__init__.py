"""What recorders share.

`heads` is the beginning of a file, `groups` the files of one recording, `sheets`, `objects` and
`messages` are its tables, `clocks` and `values` what is computed, `binary` a library's files;
`captures` makes plans of recordings. `peek` and `rewritten` are files seen otherwise.
"""
