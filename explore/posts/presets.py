"""Exports that people have, each told by its shape."""

from __future__ import annotations

from collections.abc import Callable

from explore.posts.collectors import COLLECTORS
from explore.posts.names import WRAPPERS
from explore.posts.paths import Preset
from explore.posts.platforms import PLATFORMS

# The order counts: a tool's export, which may keep names of the platform, has columns of its own to be told by.
PRESETS: tuple[Preset, ...] = (*COLLECTORS, *PLATFORMS)


def recognised(has: Callable[[str], bool]) -> tuple[str, Preset] | None:
    """The wrapper that posts stand in and the first preset whose needs a file `has`; None where it is none of them."""
    return next(
        (
            (wrapper, preset)
            for wrapper in WRAPPERS
            for preset in PRESETS
            if all(has(wrapper + path) for path in preset.needs)
        ),
        None,
    )
