"""One writer for each repository and branch: collects changes, makes one commit or pull request of them, and pushes."""
