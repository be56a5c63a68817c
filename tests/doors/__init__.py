"""The doors of a house on loopback: a SolarEdge inverter register by register, and a real sshd."""
