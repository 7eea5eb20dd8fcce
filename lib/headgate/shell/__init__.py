"""What all scripts share: runner, locks, logs, metrics, report."""
