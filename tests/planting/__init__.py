"""Identifiers of fictitious patients planted in real files, with a key of where they stand."""
