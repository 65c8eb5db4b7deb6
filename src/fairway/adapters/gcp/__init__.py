"""Google Cloud, as far as values ask for it; needs the extra `google`."""
