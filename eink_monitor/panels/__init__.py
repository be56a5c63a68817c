"""What the ink can show: one file per panel."""
