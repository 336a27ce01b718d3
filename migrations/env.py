"""Runs migrations on the connection that the caller passes, or on `-x url=…`."""

from alembic import context
from sqlalchemy import Connection, create_engine

from orbion.adapters.db.schema import METADATA
from orbion.adapters.db.schema_knowledge import is_in_schema


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_server_default=False,
        include_object=is_in_schema,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    url = context.get_x_argument(as_dictionary=True).get("url", "sqlite:///data/orbion.db")
    engine = create_engine(url)
    with engine.begin() as opened:
        migrate(opened)
    engine.dispose()
