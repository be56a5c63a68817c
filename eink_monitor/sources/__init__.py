"""Sources: one file or package per vendor interface, which never import each other; ``_*`` modules are shared."""
