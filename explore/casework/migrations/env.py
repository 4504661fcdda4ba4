"""Run by alembic: applies migrations on the connection, and in the transaction, that `database.py` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
