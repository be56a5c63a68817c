"""Where readings come from: one file per vendor interface, strangers to each other; their parts are in ``_*`` rooms."""
