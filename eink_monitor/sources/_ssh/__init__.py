"""The parts of ``ssh_disk``: hosts and keys, one command, what it says."""
