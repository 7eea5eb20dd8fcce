"""The API's contents beside records: each module answers one, or a few that belong together."""
