"""The words that all of the house shares, one file per family; values below, what a plugin is above them."""
