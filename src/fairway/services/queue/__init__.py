"""Messages between hookd and the clusters: stored before anybody is told so, and delivered at least once."""
