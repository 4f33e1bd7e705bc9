"""One module per step, with the function by which it is entered.

An entry function is given the folder to write into, the folders of the steps before it
and the settings that it reads: ``entry(out, **folders, **settings)``. It opens what the
rooms of the library work on and writes what they return. Its imports are what
`har.lineage.code` follows, so each stands in a module of its own.
"""
