"""The sections of the configuration, as typed values with their defaults."""
