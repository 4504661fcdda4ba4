"""The one exception that is meant for the person in front of the screen."""


class Refused(Exception):
    """A file or a request cannot be used as it is.

    The message is one plain sentence or two: what was found, what is allowed, how to mend it. The command line prints
    it on one line and exits 2; pages show it without a traceback. Anything else that escapes is a fault of ours.
    """
