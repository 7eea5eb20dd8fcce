"""What names a patient, and how it is recognised in texts and in bytes."""
