"""What puts an agent into a cluster: its configuration, its secrets, its rights."""
