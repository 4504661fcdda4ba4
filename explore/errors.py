"""The one exception that is meant for the person in front of the screen."""


class Refused(Exception):
    """A file or a request cannot be used as it is.

    The message is one plain sentence or two: what was found, what is allowed, how to mend it. The command line prints
    it on one line and exits 2; pages show it without a traceback. Anything else that escapes is a fault of ours.
    """


def brief(text: str, *, most: int = 60) -> str:
    """What a file or a person said, short and harmless enough to stand inside a message."""
    short = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(character if character.isprintable() else "�" for character in short)
