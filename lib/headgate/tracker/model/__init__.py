"""What a project is made of: dictionary, events, entries, people, history."""
