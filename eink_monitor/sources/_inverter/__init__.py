"""What every inverter read over Modbus shares: registers, physics, counters, memory, nights."""
