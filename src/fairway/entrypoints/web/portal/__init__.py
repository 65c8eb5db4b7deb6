"""The portal: signing in with GitHub, one's repositories, and as which teams they may deploy."""
