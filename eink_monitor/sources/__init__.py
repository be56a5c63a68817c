"""Where readings come from: one file per vendor interface, strangers to each other; ``_*`` modules are their tools."""
