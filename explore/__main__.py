"""`python -m explore`."""

from explore.cli import main

if __name__ == "__main__":
    main()
