"""Shared by cloud sources: HTTP calls, OAuth, token storage."""
