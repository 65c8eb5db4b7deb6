"""How results and progress look, in text, Markdown and JSON; no verb of the command line decides about form itself."""
