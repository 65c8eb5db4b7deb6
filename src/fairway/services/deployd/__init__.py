"""deployd: applies a team's resources in its cluster, as that team, and reports every step."""
