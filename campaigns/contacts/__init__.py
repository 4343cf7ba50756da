"""People to call: lists as files, telephone numbers, duplicates."""
