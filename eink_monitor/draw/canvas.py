"""The sheet a panel draws on (placeholder until the pencil box is merged)."""

from __future__ import annotations


class Canvas:
    """A 1-bit sheet."""
