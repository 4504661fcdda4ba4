"""What is shown: words, charts and briefings."""
