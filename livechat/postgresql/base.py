"""Django's PostgreSQL, whose connections give up on a server that does not answer.

The rule it guards: nobody waits for ever. The server ends a statement that takes too
long by itself (livechat/database.py); this is for a server that is frozen, or whose
network is gone, and cannot.
"""

from typing import Any, Self, TypeVar

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from livechat.database import STATEMENT_TIMEOUT_S

# A second more than the server takes to end a statement by itself.
ANSWER_TIMEOUT_S = STATEMENT_TIMEOUT_S + 1.0

T = TypeVar("T")


class ImpatientConnection(Connection[Any]):
    """A connection that closes itself when an answer takes longer than its limit."""

    answer_timeout_s: float | None = ANSWER_TIMEOUT_S

    def wait(
        self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None
    ) -> T:
        """The result of one exchange with the server.

        Raises:
            OperationalError: the limit was reached; the connection is closed then.
        """
        limit_s = self.answer_timeout_s if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit_s)
        except OperationalError:
            # Still in the middle of it: nobody knows what comes next on this socket.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise


class PatientSchemaEditor(DatabaseSchemaEditor):
    """A migration may rebuild a large table, so it takes the time that it needs."""

    def __enter__(self) -> Self:
        """Begin the migration's transaction, in which no time limit holds."""
        super().__enter__()
        with self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
        self.connection.connection.answer_timeout_s = None
        return self

    def __exit__(self, *exc: Any) -> None:
        """End the transaction; the limit holds again."""
        try:
            super().__exit__(*exc)
        finally:
            if self.connection.connection is not None:
                self.connection.connection.answer_timeout_s = ANSWER_TIMEOUT_S


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, with connections and migrations of ours."""

    SchemaEditorClass = PatientSchemaEditor

    def get_new_connection(self, conn_params: dict[str, Any]) -> ImpatientConnection:
        """A new connection; DATABASE_URL knows neither pools nor other isolations."""
        self.isolation_level = IsolationLevel.READ_COMMITTED
        return ImpatientConnection.connect(**conn_params)
