"""De-identification after PS3.15 Annex E: a function from dataset to dataset."""
