"""What the raw rows mean, by local month: one .sql file a table. No source's peculiarity, no measure."""
