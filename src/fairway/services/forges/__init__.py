"""Pull requests, comments and statuses on the forge that a repository lives on."""
