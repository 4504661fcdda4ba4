"""What comes in: files of posts become checked, immutable snapshots."""
