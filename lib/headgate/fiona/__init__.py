"""Moving from FIONA: its configuration, and its data tree."""
