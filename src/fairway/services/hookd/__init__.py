"""hookd: takes requests for deployments, puts them onto the queue, and tells GitHub what came of them."""
