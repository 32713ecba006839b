"""Commands: one file in this folder is one command, and `frame` is what they all run on.

A command parses its flags, calls a package and prints. Pieces that several commands share lie in `shared`, flags that
several commands share in `flags`. A file `hallu_NAME` is the subcommand `hallu NAME`.
"""
