"""Vendors on 127.0.0.1: real HTTP servers that speak as the clouds do, with their faults."""
