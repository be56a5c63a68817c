"""The parts of ``solaredge_modbus``: registers, what they come to, and what must be remembered."""
