"""A Waveshare 2.13" panel that exists only as wires: it decodes what a driver sends and shows what would be seen."""

from __future__ import annotations

from virtual_panel.bench import VirtualPanel
from virtual_panel.board import Board, Faults
from virtual_panel.lint import Finding, Kind, Refresh, Rules
from virtual_panel.policy import Policy

__all__ = ["Board", "Faults", "Finding", "Kind", "Policy", "Refresh", "Rules", "VirtualPanel"]
