"""What people decide and what they asked for: the database of a workspace."""
