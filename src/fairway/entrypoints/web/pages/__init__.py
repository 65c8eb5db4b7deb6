"""Pages for people: one layout, one stylesheet, one policy of what a browser may load."""
