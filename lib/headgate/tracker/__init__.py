"""The embedded REDCap: the same HTTP API, on SQLite."""
