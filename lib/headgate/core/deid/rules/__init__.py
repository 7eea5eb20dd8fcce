"""What the rules say of an attribute: PS3.15 Table E.1-1, its options, and private elements."""
