"""Groundswell: what is starting to move on a platform, from a file of posts to a decision."""

__version__ = "0.5.0"
