"""What goes out: one study to the targets of its project, sent, proven, and in the ledger."""
