"""The doors: command line, web, operator, workers. Nobody imports from here."""
