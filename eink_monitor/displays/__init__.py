"""Where frames become ink: one file per kind of display."""
