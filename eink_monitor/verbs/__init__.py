"""What a person can say to the program: one file per verb, its ``command`` is what click runs."""
