"""The parts of ``solaredge``: both of the vendor's interfaces, the calls worth making, the sign-in."""
