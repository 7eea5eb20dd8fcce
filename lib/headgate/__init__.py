"""Headgate: a research-imaging gateway, from the scanner's C-STORE to proven delivery."""
