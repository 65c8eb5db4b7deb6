"""Those parts of the docs that are made from code, so that they can't be wrong.

The rule not to break: what a table or the command line knows is never written by hand beside it.
"""
