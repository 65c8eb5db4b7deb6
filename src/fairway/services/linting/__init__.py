"""Looking for mistakes in a deployments repository without changing anything.

The rule not to break: the format's own rules always run; deeper checks are a list that the caller passes in, and run
only on a repository whose format is right.
"""

from fairway.services.linting.running import Check, Report, lint

__all__ = ["Check", "Report", "lint"]
