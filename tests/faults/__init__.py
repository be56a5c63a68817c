"""Faults that long-running daemons die of, injected without root and without mocks."""
