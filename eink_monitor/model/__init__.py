"""The shared types, one file per family: values below, the interfaces of plugins above them."""
