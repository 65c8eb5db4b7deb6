"""The release engine: observe, plan, carry out, wait, record. One file per action."""
