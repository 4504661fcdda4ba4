"""What was guessed of the columns of a file, or not read in them, for the page on which that is corrected."""

from __future__ import annotations

from explore.errors import brief
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping
from explore.posts.reposts import repost_notes
from explore.posts.rivals import AccountDoubt, Guess, Rival, account_doubts, guesses, rival_times

LISTED = 3  # columns


def guessed(seen: Preview, mapping: ColumnMapping, *, tz: str, date_order: str | None) -> list[str]:
    """A sentence a guess that a person should look at; none where every column has an unmistakable name.

    They say "above" of the table in which columns are chosen. No value of an account is in them.
    """
    rival = rival_times(seen, mapping, tz=tz, date_order=date_order)
    return [
        *map(_chosen, guesses(seen, mapping)),
        *map(_accounts, account_doubts(seen, mapping)),
        *([_contradicted(mapping, rival)] if rival else []),
        *repost_notes(seen, mapping),
    ]


def _chosen(guess: Guess) -> str:
    why = "by its name" if guess.by_name else "by what it holds: no column has a usual name"
    listed = ", ".join(f"'{brief(one)}'" for one in guess.others[:LISTED])
    rivals = f"; {listed} {'is' if len(guess.others) == 1 else 'are'} as likely" if guess.others else ""
    return f"{guess.field}: column '{brief(guess.taken)}' (guessed {why}{rivals}). Not right? Choose another above."


def _accounts(doubt: AccountDoubt) -> str:
    if doubt.finer:
        return (
            f"author_id: column '{brief(doubt.taken)}' (guessed by its name), but '{brief(doubt.finer)}' tells apart "
            "posts that have the same there. Is that the account? Choose it above."
        )
    return (
        f"author_id: column '{brief(doubt.taken)}', the name that accounts show: two people can share it and count as "
        "one account. Does the file have ids or handles? Choose them above."
    )


def _contradicted(mapping: ColumnMapping, rival: Rival) -> str:
    taken = brief(mapping.sources["created_at"].columns[0])
    return (
        f"created_at: column '{taken}' says '{brief(rival.taken_value)}' where '{brief(rival.column)}' says "
        f"'{brief(rival.value)}'; they differ in {rival.differ} of the first {rival.both} records. "
        "Is the other one the time of posting? Choose it above."
    )
