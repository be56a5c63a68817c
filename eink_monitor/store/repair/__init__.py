"""Repair of a damaged database: inspection, quarantine, reading raw pages, salvage."""
