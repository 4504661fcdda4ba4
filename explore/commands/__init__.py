"""Parts of the command line: what `explore/cli.py` puts together."""
