"""REDCap's logic: its grammar, and its functions."""
