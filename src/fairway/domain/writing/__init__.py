"""How upgrades are written into Git: which as commits and which as pull requests, on which branches, in which words."""
