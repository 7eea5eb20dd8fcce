"""The demonstration: real studies carried the whole way on loopback."""
