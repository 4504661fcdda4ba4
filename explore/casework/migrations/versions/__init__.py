"""One migration a file, named after its revision and what it brings."""
