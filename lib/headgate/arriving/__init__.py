"""What comes in: told from its headers, filed; and what goes to the own receiver."""
