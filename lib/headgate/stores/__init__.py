"""The outside things, one module each."""
