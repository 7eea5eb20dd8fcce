"""Instances without who they are of: read, cleaned, searched, and written."""
