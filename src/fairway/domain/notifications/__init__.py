"""What people and other programs are told: events, who wants them, and how they read."""
