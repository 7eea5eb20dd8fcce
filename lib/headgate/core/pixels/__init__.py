"""Text in pixels: what is to be cleaned, where it stands, and how it is blanked. Pure."""
