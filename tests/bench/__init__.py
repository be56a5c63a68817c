"""The figures that are promised, measured: ``make bench`` prints them as JSON.

A module here that has a ``measure() -> dict[str, float]`` is found by itself; its docstring says what it measures.
"""
