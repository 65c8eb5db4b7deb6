"""Options of processes, as tables: each with its variables, its kind of value and, for a secret, its file.

The rule not to break: a flag's name and variables are a contract; what it means stands beside the field that it fills.
"""
