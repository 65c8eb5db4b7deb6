"""The demo: Fairway's main job on a real control plane, in about a minute.

The rule not to break: whatever is shown is what a user would type. Each step prints a command and runs the real one.
"""
