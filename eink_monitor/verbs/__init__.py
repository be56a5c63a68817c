"""The verbs of the command line: one file each, whose ``command`` is what click runs."""
