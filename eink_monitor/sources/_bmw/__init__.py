"""The parts of ``bmw_cardata``, and of the closed app interface of ``bmw_connected``."""
