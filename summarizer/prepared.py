"""Statements that Django writes once and that are executed often.

Django builds the SQL of a query anew each time, which takes ten times as long as SQLite needs to execute it. A worker
asks the same few questions for every video. Here they are queries of Django's, as everywhere, but their SQL is kept,
with places for the values. What is asked once for a batch or a page has no need of this. docs/adr/0014.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, Q, QuerySet
from django.db.models.expressions import SQLiteNumericMixin
from django.db.models.query import ModelIterable
from django.db.models.sql import UpdateQuery

M = TypeVar("M", bound=Model)
# What rows must meet: a `Q` as it stands, or lookups by name whose values are another each time.
Condition = Q | Mapping[str, object]
_STATEMENTS = 256


class Parameter(SQLiteNumericMixin, Expression):
    """The place of a value in a query. `field` says how the value is written for the database."""

    def __init__(self, name: str, field: Any) -> None:
        super().__init__(output_field=field)
        self.name = name
        self.for_save = False

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Parameter:
        resolved = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        resolved.for_save = for_save
        return resolved

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def written(self, value: object, connection: BaseDatabaseWrapper) -> object:
        """The value as the database's driver takes it."""
        field = self.output_field
        if isinstance(value, Model):
            value = value.prepare_database_save(field)
        prepare = field.get_db_prep_save if self.for_save else field.get_db_prep_value
        return prepare(value, connection=connection)


def _bound(params: Sequence[object], values: Mapping[str, object], connection: BaseDatabaseWrapper) -> list[Any]:
    return [each.written(values[each.name], connection) if isinstance(each, Parameter) else each for each in params]


# -- updates


def update(model: type[Model], *conditions: Condition, changes: Mapping[str, object], **values: object) -> int:
    """Does what `model.objects.filter(…).update(**changes)` does, and answers the same: how many rows.

    A statement is kept for each set of `Q`, of names and of expressions among the changes, so these are best constants.
    `values` are those of parameters in expressions, which may also name another change. Not for models that inherit a
    table. Raises `ValueError` for a lookup by None, which no value equals.
    """
    plain = dict(values)
    guard = tuple(each for each in conditions if isinstance(each, Q))
    lookups = {name: value for each in conditions if not isinstance(each, Q) for name, value in each.items()}
    for name, value in lookups.items():
        if value is None:
            raise ValueError(f"{name}=None: say {name}__isnull=True in a Q")
        plain[_looked_up(name)] = value
    expressions: list[tuple[str, object]] = []
    for name, value in changes.items():
        if hasattr(value, "resolve_expression"):
            expressions.append((name, value))
        else:
            expressions.append((name, None))
            plain[name] = value
    connection = connections[DEFAULT_DB_ALIAS]  # this thread's
    try:
        sql, params = _written(connection.vendor, model, guard, tuple(lookups), tuple(expressions))
    except EmptyResultSet:
        return 0  # as Django does without asking, where no row can meet the conditions
    # Whoever catches an error is left with a transaction that can only be rolled back, as after Django's own updates.
    with transaction.mark_for_rollback_on_error(using=DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        cursor.execute(sql, _bound(params, plain, connection))
        return int(cursor.rowcount)


def _looked_up(name: str) -> str:
    return f"where {name}"


@lru_cache(_STATEMENTS)
def _written(
    vendor: str,
    model: type[Model],
    guard: tuple[Q, ...],
    lookups: tuple[str, ...],
    changes: tuple[tuple[str, Any], ...],
) -> tuple[str, Sequence[object]]:
    fields = {field.name: field for field in model._meta.concrete_fields} | {"pk": model._meta.pk}
    places = {name: Parameter(_looked_up(name), fields[name.partition("__")[0]]) for name in lookups}
    rows = model._default_manager.filter(*guard, **places).order_by()
    query = cast("Any", rows.query.chain(UpdateQuery))
    query.add_update_values({name: expression or Parameter(name, fields[name]) for name, expression in changes})
    return cast("tuple[str, Sequence[object]]", query.get_compiler(DEFAULT_DB_ALIAS).as_sql())


# -- selections


class Select(Generic[M]):
    """A queryset of whole models whose SQL is written at its first use.

    `build` is given a `Parameter` for each of `fields`, and answers the queryset; a call brings their values.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], **fields: Field[Any, Any]) -> None:
        self._build, self._fields = build, fields
        self._kept: _Kept | None = None

    def __call__(self, **values: object) -> list[M]:
        """The rows. Asks the database each time."""
        if self._kept is None:
            queryset = self._build(**{name: Parameter(name, field) for name, field in self._fields.items()})
            try:
                self._kept = _Kept(queryset)
            except EmptyResultSet:
                return []  # `none()` has no SQL
        return list(self._kept.rows(values))

    def first(self, **values: object) -> M | None:
        """The first row, of a queryset that is cut after one, or cannot have more; None if there is none."""
        return next(iter(self(**values)), None)


class _Kept:
    """The SQL of a queryset, and how Django makes models of its rows."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        self._model = queryset.model
        self._compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self._sql, self._params = self._compiler.as_sql()
        self._converters = self._compiler.get_converters(column for column, _, _ in self._compiler.select or ())

    def rows(self, values: Mapping[str, object]) -> Iterable[Any]:
        compiler: Any = copy(self._compiler)  # for this execution, by this thread's connection
        compiler.connection = connection = connections[DEFAULT_DB_ALIAS]
        compiler.as_sql = lambda *args, **kwargs: (self._sql, tuple(_bound(self._params, values, connection)))
        compiler.get_converters = lambda expressions: self._converters
        # All that an iterable of models asks its queryset for.
        asked = SimpleNamespace(
            model=self._model,
            db=DEFAULT_DB_ALIAS,
            query=SimpleNamespace(get_compiler=lambda using: compiler),
            _known_related_objects={},
        )
        return ModelIterable(cast("QuerySet[Any]", asked))
