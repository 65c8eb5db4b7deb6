"""One folder per outside thing. An adapter translates its library's exceptions at the border."""
