"""What was received: the archive, and instances on their way into it."""
