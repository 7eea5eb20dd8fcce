"""Jobs: what the workflows of the settings ask for, and how one is run."""
