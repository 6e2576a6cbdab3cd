"""From symbols and forward functions to running code; what shapes must be, before there is data."""
