"""Rows of another table as one JSON value, so that they come with the row they belong to and not in a query more."""

from typing import Any

from django.db.models import F, Func, JSONField, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast
from django.db.models.sql.compiler import SQLCompiler

_Sql = tuple[str, tuple[Any, ...]]  # a statement and its parameters, of any type


class Gathered(Subquery):
    """A list of objects with these fields, one for each row, in the rows' order.

    Fields come as JSON has them: name only those that are texts, numbers, truth values or null.
    """

    output_field = JSONField()

    def __init__(self, rows: QuerySet[Any], *fields: str) -> None:  # rows of any table
        super().__init__(rows.values(fact=_Fact(*fields)))

    def as_postgresql(self, compiler: SQLCompiler, connection: Any) -> _Sql:  # Any: the framework's own
        return self._as_list(compiler, connection, "jsonb_agg(gathered.fact)", "'[]'::jsonb")

    def as_sqlite(self, compiler: SQLCompiler, connection: Any) -> _Sql:  # Any: the framework's own
        return self._as_list(compiler, connection, "json_group_array(json(gathered.fact))", "'[]'")

    def _as_list(self, compiler: SQLCompiler, connection: Any, gather: str, nothing: str) -> _Sql:
        template = f"(SELECT COALESCE({gather}, {nothing}) FROM (%(subquery)s) AS gathered)"  # noqa: S608  # constants
        sql, params = super().as_sql(compiler, connection, template=template)
        return sql, tuple(params)


class _Fact(Func):
    """One row as an object. Django's JSONObject asks SQLite first whether it can, with queries of its own."""

    function = "JSON_OBJECT"
    output_field = JSONField()

    def __init__(self, *fields: str) -> None:
        pairs = [(Cast(Value(name), TextField()), F(name)) for name in fields]
        super().__init__(*(part for pair in pairs for part in pair))

    def as_postgresql(self, compiler: SQLCompiler, connection: Any) -> _Sql:  # Any: the framework's own
        sql, params = super().as_sql(compiler, connection, function="JSONB_BUILD_OBJECT")
        return sql, tuple(params)
