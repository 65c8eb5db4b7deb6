"""The command line, one file per group of verbs; a module is imported only when its verb is called."""
