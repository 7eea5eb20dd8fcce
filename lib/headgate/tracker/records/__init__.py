"""Exports, imports, deletes and renames of records."""
