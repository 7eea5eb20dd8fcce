"""One module per script; steps never import each other."""
