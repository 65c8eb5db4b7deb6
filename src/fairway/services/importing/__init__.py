"""From what other tools left to a deployments repository: an existing Helm release, a helmfile.

The rule not to break: nothing is dropped silently. What has no counterpart is a note, told and written as a comment.
"""
