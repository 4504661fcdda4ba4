"""What is found: messages, narratives, and which of them are emerging."""
