"""The parts of ``vw_eu_data_act``, and of the closed app interface of ``weconnect``."""
