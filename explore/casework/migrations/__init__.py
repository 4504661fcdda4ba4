"""The history of the database's tables: one file a change, applied in order by `explore.casework.database`."""
