"""Displays: one file or package per type."""
