"""Which repository may deploy as which team."""
