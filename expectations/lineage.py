"""Follows every column of SQL texts from where it is read to where it is written, and what is done with it on the way.

Each column carries marks, such as "therapist" or "outcome": what it descends from, with the path it took. Marks come
from the tables that no text makes; which they are, and what may be done with a marked column, is not known here: see
`no_competition.py`. Nothing is run. What cannot be followed is told as such, never passed over.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

Path = tuple[str, ...]

# Marks that this module gives; all others come from the origins.
PERSONAL = "personal"  # tells something of one person
SINGLE = "single"  # an extreme, a middle or a mean of people: tells of one of them, or how one stands to the others
FIGURE = "figure"  # counted over a group
OUTCOME = "outcome"  # what became of a client: also made here, of a client's visits seen side by side

COUNTS = {"count", "count_if", "approx_distinct", "approx_count_distinct", "regr_count"}
SUMS = {"sum", "fsum", "kahan_sum", "sumkahan"}
COLLECTIONS = {"array_agg", "group_concat", "list", "histogram", "struct_agg", "map_agg", "array_concat_agg"}
# aggregates that the parser knows only as a function of some name
OTHER_AGGREGATES = {
    "product", "entropy", "kurtosis", "skewness", "mad", "geomean", "favg", "top_k", "bitstring_agg", "quantile",
    "reservoir_quantile", "arbitrary", "arg_max_null", "arg_min_null", "histogram_exact", "sem", "weighted_avg",
}  # fmt: skip
CAME_AGAIN = "whether the client came again"
AROUND = "outer "  # before the name of a table of the SELECT around a subquery
ORDER_OF_ROWS = {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"}


@dataclass(frozen=True)
class Column:
    """What a value descends from: `marks` with the path each took, and the columns of other tables it is made from."""

    marks: Mapping[str, Path] = field(default_factory=dict)
    sources: frozenset[tuple[str, str]] = frozenset()

    def has(self, *marks: str) -> bool:
        return any(mark in self.marks for mark in marks)

    def without(self, *marks: str) -> Column:
        return replace(self, marks={mark: path for mark, path in self.marks.items() if mark not in marks})

    def only(self, *marks: str) -> Column:
        return Column({mark: path for mark, path in self.marks.items() if mark in marks})

    def marked(self, mark: str, path: Path) -> Column:
        return replace(self, marks={mark: path, **self.marks})

    def through(self, step: str) -> Column:
        """The same, one step further on its way."""
        return replace(
            self, marks={mark: path if path[-1:] == (step,) else (*path, step) for mark, path in self.marks.items()}
        )


def together(columns: Iterable[Column]) -> Column:
    """A value made of others: it descends from all that they descend from."""
    marks: dict[str, Path] = {}
    sources: set[tuple[str, str]] = set()
    for column in columns:
        for mark, path in column.marks.items():
            marks.setdefault(mark, path)
        sources |= column.sources
    return Column(marks, frozenset(sources))


@dataclass(frozen=True)
class Relation:
    """A table, CTE or subquery. `rest` gives columns that are not listed, where not all of them are known.

    `rows` is what decides which rows there are (only outcomes are kept of it), `parts` are the CTEs of a text, `links`
    the tables around a subquery that its rows are tied to by the key of their own event.
    """

    columns: Mapping[str, Column]
    rest: Callable[[str], Column] | None = None
    rows: Column = Column()
    parts: Mapping[str, Relation] = field(default_factory=dict)
    links: frozenset[str] = frozenset()

    def get(self, name: str) -> Column | None:
        return self.columns.get(name) or (self.rest(name) if self.rest else None)

    @property
    def whole(self) -> Column:
        return together([*self.columns.values(), *([self.rest("*")] if self.rest else []), self.rows])


EventKind = Literal["group", "order", "join", "number", "take", "call", "compare", "name_one", "pick", "unknown"]


@dataclass(frozen=True)
class Event:
    """Something that a text does: `by` is what it does it by, `what` is what it does it to.

    group: gathers `what` by `by`; order: puts `what` in the order of `by`; join: brings `what` beside `by` of another
    table; number: numbers rows within `by`; take: keeps some rows only; call: a function of `what`; compare: two
    rows' `what` with each other; name_one: compares `what` with a constant; pick: takes one of several of `what`;
    unknown: cannot be followed.
    """

    kind: EventKind
    table: str
    part: str  # the CTE of the text, '' for its last SELECT
    node: exp.Expr | str
    by: Column = Column()
    what: Column = Column()
    name: str = ""

    @property
    def sql(self) -> str:
        return self.node if isinstance(self.node, str) else self.node.sql("duckdb", comments=False)


@dataclass(frozen=True)
class Origins:
    """What tables that no text makes hold: the marks of a column (`''` for the mere presence of a row).

    `persons` are the marks of people, `own_rows` those of single events: tables tied by them are tied row by row.
    `visits` are the tables whose rows, seen side by side for one client, tell whether the client came again.
    """

    marks: Callable[[str, str], Iterable[str]]
    persons: tuple[str, ...]
    own_rows: tuple[str, ...]
    keys: tuple[str, ...]
    client: str
    visits: tuple[str, ...]


@dataclass(frozen=True)
class Followed:
    """Each text's relation, all that was done on the way, and the tables that each reads."""

    relations: Mapping[str, Relation]
    events: tuple[Event, ...]
    reads: Mapping[str, set[str]]


def follow(texts: Mapping[str, str], origins: Origins) -> Followed:
    """Follows the columns of all texts, each a SELECT under the name by which others read it (schema.table)."""
    texts = {name.lower(): text for name, text in texts.items()}
    follower = _Follower(texts, origins)
    for name in texts:
        follower.table(name)
    return Followed(follower.known, tuple(follower.events), follower.reads)


@cache
def _parsed(text: str) -> exp.Query | None:
    """The query that a text is, if it is one."""
    try:
        parsed = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError:
        return None
    return parsed[0] if len(parsed) == 1 and isinstance(parsed[0], exp.Query) else None


class _Follower:
    """The texts, what is known of them so far, and the events."""

    def __init__(self, texts: Mapping[str, str], origins: Origins) -> None:
        self.texts, self.origins = texts, origins
        self.known: dict[str, Relation] = {}
        self.waiting: list[str] = []
        self.events: list[Event] = []
        self.reads: dict[str, set[str]] = {name: set() for name in texts}

    def table(self, name: str) -> Relation:
        """A table by its name: made by a text, or an origin."""
        if name in self.known:
            return self.known[name]
        if name not in self.texts:
            return self._origin(name)
        if name in self.waiting:
            self.events.append(Event("unknown", name, "", f"{name} reads itself"))
            return Relation({})
        self.waiting.append(name)
        parsed = _parsed(self.texts[name])
        if parsed is not None:
            self.known[name] = _Query(self, name, "").relation(parsed, {}, None, name)
        else:
            self.events.append(Event("unknown", name, "", "not one SELECT"))
            self.known[name] = Relation({})
        self.waiting.pop()
        return self.known[name]

    def _origin(self, name: str) -> Relation:
        def column(of: str) -> Column:
            marks = dict.fromkeys(self.origins.marks(name, of), (f"{name}.{of}" if of else name,))
            return Column(marks, frozenset({(name, of)}) if of not in ("", "*") else frozenset())

        return Relation({}, column, Column(column("").marks))


@dataclass
class _Scope:
    """What a name can mean within one SELECT, and what its tables are used for."""

    known: Mapping[str, Relation]  # CTEs
    outer: _Scope | None
    tables: dict[str, Relation] = field(default_factory=dict)
    aliases: dict[str, exp.Expr] = field(default_factory=dict)
    merged: dict[str, list[str]] = field(default_factory=dict)  # USING: one name, several tables
    lambdas: list[str] = field(default_factory=list)
    resolving: set[str] = field(default_factory=set)
    used: dict[str, Column] = field(default_factory=dict)
    tied: set[frozenset[str]] = field(default_factory=set)
    keys: Column | None = None
    gathered: list[Column] = field(default_factory=list)
    rows: Column = Column()
    again: Path = ()  # how one visit of a client came beside another
    not_listed: set[str] = field(default_factory=set)  # tables that only filter: SEMI, ANTI

    def around(self) -> Iterator[_Scope]:
        """The SELECTs around this one, the nearest first."""
        if self.outer is not None:
            yield self.outer
            yield from self.outer.around()

    def use(self, table: str, column: Column) -> Column:
        self.used[table] = together([self.used.get(table, Column()), column])
        return column


class _Query:
    """Follows one text, or one CTE of it."""

    def __init__(self, follower: _Follower, table: str, part: str) -> None:
        self.follower, self.table, self.part, self.origins = follower, table, part, follower.origins

    def tell(
        self,
        kind: EventKind,
        node: exp.Expr | str,
        by: Column | None = None,
        what: Column | None = None,
        name: str = "",
    ) -> None:
        self.follower.events.append(Event(kind, self.table, self.part, node, by or Column(), what or Column(), name))

    # Relations

    def relation(self, node: exp.Expr, known: Mapping[str, Relation], outer: _Scope | None, name: str) -> Relation:
        """Any query as a relation called `name`."""
        if isinstance(node, exp.Subquery):
            known, _ = self._with_parts(node, known, outer)
            for key in ("pivots", "sample"):
                if node.args.get(key):
                    self.tell("unknown", node)
            if node.args.get("limit"):
                self.tell("take", node, name="limit")
            return self.relation(node.this, known, outer, name)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, known, outer, name)
        if isinstance(node, exp.Select):
            return self._select(node, known, outer, name)
        if isinstance(node, exp.Values):
            given = together(self.value(e, _Scope(known, outer)) for e in node.expressions)
            return Relation({}, lambda column: given)
        self.tell("unknown", node)
        return Relation({})

    def _with_parts(
        self, node: exp.Expr, known: Mapping[str, Relation], outer: _Scope | None
    ) -> tuple[Mapping[str, Relation], dict[str, Relation]]:
        parts: dict[str, Relation] = {}
        with_ = node.args.get("with_")
        if with_ is not None:
            if with_.args.get("recursive"):
                self.tell("unknown", "WITH RECURSIVE")
            for cte in with_.expressions:
                name = cte.alias_or_name.lower()
                inner = _Query(self.follower, self.table, self.part or name)
                made = inner.relation(cte.this, {**known, **parts}, outer, name)
                parts[name] = _renamed(made, cte.args.get("alias"))
        return {**known, **parts}, parts

    def _set_operation(
        self, node: exp.SetOperation, known: Mapping[str, Relation], outer: _Scope | None, name: str
    ) -> Relation:
        known, parts = self._with_parts(node, known, outer)
        left = self.relation(node.this, known, outer, name)
        right = self.relation(node.expression, known, outer, name)
        if left.rest or right.rest:
            self.tell("unknown", "a set operation of tables whose columns are not listed")
        if node.args.get("by_name"):
            names = dict.fromkeys([*left.columns, *right.columns])
            columns = {n: together(r.columns[n] for r in (left, right) if n in r.columns) for n in names}
        else:
            columns = {
                n: together([column, other])
                for (n, column), other in zip(left.columns.items(), right.columns.values(), strict=False)
            }
            if len(left.columns) != len(right.columns):
                self.tell("unknown", "a set operation of tables with unlike columns")
        rows = together([left.rows, right.rows])
        if not isinstance(node, exp.Union):  # rows of one side by those of the other: a join by all columns
            rows = together([rows, right.whole.only(OUTCOME)])
            for one, other in ((left.whole, right.whole), (right.whole, left.whole)):
                if one.has(OUTCOME) and other.has(*self.origins.persons):
                    self.tell("join", node, other, one)
        if node.args.get("distinct") and not isinstance(node, exp.Union):
            self.tell("group", node, together(columns.values()), together([*columns.values(), rows]), "DISTINCT")
        scope = _Scope(known, outer, {name: Relation(columns, None, rows)}, rows=rows)
        self._order_and_limit(node, scope, together(columns.values()), list(columns.values()))
        return Relation(columns, None, rows, parts)

    def _select(self, node: exp.Select, known: Mapping[str, Relation], outer: _Scope | None, name: str) -> Relation:
        known, parts = self._with_parts(node, known, outer)
        scope = _Scope(known, outer)
        scope.aliases = {e.alias.lower(): e.this for e in node.expressions if isinstance(e, exp.Alias)}
        self._tables(node, scope)
        for clause in ("where", "prewhere"):
            if node.args.get(clause):
                self._filter(node.args[clause].this, scope)
        self._group_keys(node, scope)
        columns, rest = self._outputs(node, scope, name)
        values = [*columns.values(), *([rest("*")] if rest else [])]
        for clause in ("having", "qualify"):
            if node.args.get(clause):
                if clause == "qualify":
                    self.tell("take", node.args[clause], name="qualify")
                self._filter(node.args[clause].this, scope)
        if scope.keys is not None:
            what = together([scope.keys, *scope.gathered, scope.rows])
            self.tell("group", node.args.get("group") or node, scope.keys, what, "GROUP BY")
        self._distinct(node, scope, together(values))
        self._order_and_limit(node, scope, together(values), values)
        self._joins(node, scope)
        if scope.again:  # whatever stands beside one visit of a client and another tells of both
            columns = {n: together([c, Column({OUTCOME: scope.again})]) for n, c in columns.items()}
        links = {table.removeprefix(AROUND) for pair in scope.tied for table in pair if table.startswith(AROUND)}
        return Relation(columns, rest, scope.rows, parts, frozenset(links))

    def _tables(self, node: exp.Select, scope: _Scope) -> None:
        from_ = node.args.get("from_")
        if from_ is not None:
            self._add(from_.this, scope)
        for lateral in node.args.get("laterals") or []:
            self._add(lateral, scope)
        for join in node.args.get("joins") or []:
            method = (join.args.get("method") or "").upper()
            if method in ("NATURAL", "POSITIONAL"):
                self.tell("unknown", join)
            before = list(scope.tables)
            kind = (join.args.get("kind") or "").upper()
            alias = self._add(join.this, scope, is_kept_whole=(join.args.get("side") or "").upper() == "LEFT")
            if kind in ("SEMI", "ANTI"):
                scope.not_listed.add(alias)
            for identifier in join.args.get("using") or []:
                self._using(identifier.name.lower(), before, alias, scope)
            if join.args.get("on"):
                self._filter(join.args["on"], scope)

    def _using(self, name: str, before: list[str], alias: str, scope: _Scope) -> None:
        sides = [table for table in before if scope.tables[table].get(name)]
        columns = [scope.use(table, scope.tables[table].get(name) or Column()) for table in [*sides, alias]]
        scope.merged[name] = list(dict.fromkeys([*scope.merged.get(name, []), *sides, alias]))
        for table, column in zip(sides, columns, strict=False):
            self._tie(scope, table, column, alias, columns[-1])

    def _tie(self, scope: _Scope, one: str, left: Column, other: str, right: Column) -> None:
        """Two tables joined where `left` equals `right`: row by row, or by a client's visits, or neither."""
        if any(left.has(mark) and right.has(mark) for mark in self.origins.own_rows):
            scope.tied.add(frozenset({one, other}))
        client, visits = self.origins.client, self.origins.visits
        origins = [side.marks[client][0].rpartition(".")[0] for side in (left, right) if side.has(client)]
        if one != other and len(origins) == 2 and all(origin in visits for origin in origins):
            scope.again = (*left.marks[client], CAME_AGAIN)
            scope.rows = together([Column({OUTCOME: scope.again}), scope.rows])

    def _add(self, node: exp.Expr, scope: _Scope, is_kept_whole: bool = False) -> str:
        """Puts a table of FROM into the scope, and gives the name it goes by.

        `is_kept_whole` says that the tables before it keep all their rows: a LEFT JOIN. Then which rows it has is told by
        its columns instead.
        """
        alias = node.alias_or_name.lower() or f"table {len(scope.tables)}"
        if any(node.args.get(key) for key in ("pivots", "sample", "match_recognize")):
            self.tell("unknown", node)
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            name = node.name.lower()
            if not node.db and name in scope.known:
                made = scope.known[name]
            else:
                full = f"{node.db.lower()}.{name}" if node.db else name
                self.follower.reads[self.table].add(full)
                made = self.follower.table(full)
                made = _read_from(made, full) if full in self.follower.texts else made
            relation = _renamed(made, node.args.get("alias"))
            for join in node.args.get("joins") or []:
                self.tell("unknown", join)
        elif isinstance(node, exp.Subquery):
            relation = _renamed(self.relation(node, scope.known, scope, alias), node.args.get("alias"))
        elif isinstance(node, exp.Lateral):
            relation = self.relation(node.this, scope.known, scope, alias)
        elif isinstance(node, exp.Unnest | exp.Values) or (
            isinstance(node, exp.Table) and isinstance(node.this, exp.GenerateSeries)
        ):
            inside = node.this if isinstance(node, exp.Table) else node
            given = together(self.value(e, scope) for e in inside.args.get("expressions") or inside.iter_expressions())
            relation = Relation({}, lambda name: given)
        else:
            self.tell("unknown", node)
            relation = Relation({})
        if is_kept_whole:
            relation = _with_rows(relation)
        else:
            scope.rows = together([scope.rows, relation.rows])
            scope.use(alias, relation.rows)
        scope.tables[alias] = relation
        return alias

    def _filter(self, condition: exp.Expr, scope: _Scope) -> None:
        """A condition on rows: ties tables together, and what it looks at decides which rows there are."""
        for equal in condition.find_all(exp.EQ, exp.NullSafeEQ):
            if equal.find_ancestor(exp.Query) is condition.find_ancestor(exp.Query):
                left, right = self._column(equal.left, scope), self._column(equal.right, scope)
                if left and right and left[0] != right[0]:
                    self._tie(scope, *left, *right)
        scope.rows = together([scope.rows, self.value(condition, scope).only(OUTCOME, SINGLE)])

    def _column(self, node: exp.Expr, scope: _Scope) -> tuple[str, Column] | None:
        """The table and the value of a plain column."""
        tables = self._tables_of(node, scope)
        return (next(iter(tables)), self.value(node, scope)) if len(tables) == 1 else None

    def _tables_of(self, node: exp.Expr, scope: _Scope) -> set[str]:
        """The names of the tables that an expression takes columns from; a subquery is one of its own."""
        found = set()
        for part in node.walk(prune=lambda n: isinstance(n, exp.Query)):
            if isinstance(part, exp.Query):
                found.add(f"subquery {id(part)}")
            elif isinstance(part, exp.Column):
                found |= {table for table, _ in self._meanings(part, scope)}
        return found

    def _group_keys(self, node: exp.Select, scope: _Scope) -> None:
        group = node.args.get("group")
        if group is None:
            if any(_has_aggregate(e) for e in node.expressions):
                scope.keys = Column()  # all rows are one group
            return
        keys = [leaf for key in ("expressions", "cube", "rollup", "grouping_sets") for part in _listed(group, key)
                for leaf in _leaves(part)]  # fmt: skip
        if group.args.get("all"):
            keys += [e.unalias() for e in node.expressions if not _has_aggregate(e)]
        scope.keys = together(self.value(self._placed(key, node), scope) for key in keys)

    def _placed(self, key: exp.Expr, node: exp.Select) -> exp.Expr:
        """What a position stands for: GROUP BY 1, ORDER BY 2."""
        if isinstance(key, exp.Literal) and not key.is_string and str(key.this).isdigit():
            place = int(str(key.this)) - 1
            if place < len(node.expressions):
                return node.expressions[place].unalias()
        return key

    def _outputs(
        self, node: exp.Select, scope: _Scope, name: str
    ) -> tuple[dict[str, Column], Callable[[str], Column] | None]:
        columns: dict[str, Column] = {}
        rests: list[Callable[[str], Column]] = []
        for number, e in enumerate(node.expressions):
            star = e if isinstance(e, exp.Star) else e.this if isinstance(e, exp.Column) else None
            if isinstance(star, exp.Star):
                of = (
                    [e.table.lower()]
                    if isinstance(e, exp.Column) and e.table
                    else [t for t in scope.tables if t not in scope.not_listed]
                )
                replaced = {part.alias.lower(): part.this for part in _listed(star, "replace")}
                renamed = {part.this.name.lower(): part.alias.lower() for part in _listed(star, "rename")}
                excluded = {part.name.lower() for part in _listed(star, "except_")}
                for table in of:
                    relation = scope.tables.get(table)
                    if relation is None:
                        self.tell("unknown", e)
                        continue
                    scope.use(table, relation.whole)
                    for column, value in relation.columns.items():
                        if column not in excluded and column not in replaced:
                            out = renamed.get(column, column)
                            columns[out] = together([value, columns.get(out, Column())]).through(f"{name}.{out}")
                    if relation.rest:
                        rests.append(_rest_but(relation.rest, excluded | replaced.keys() | renamed.keys()))
                        for old, new in renamed.items():
                            columns[new] = relation.rest(old).through(f"{name}.{new}")
                for column, value in replaced.items():
                    columns[column] = self.value(value, scope).through(f"{name}.{column}")
            elif e.find(exp.Columns) and not isinstance(e, exp.Alias | exp.Count):
                self.tell("unknown", e)
            else:
                out = e.alias_or_name.lower() or f"column {number + 1}"
                value = self.value(e.unalias(), scope)
                if scope.keys is not None and not scope.keys.has(*self.origins.keys) and value.has(PERSONAL):
                    value = value.without(PERSONAL).marked(FIGURE, value.marks[PERSONAL])  # what a group has in common
                columns[out] = value.through(f"{name}.{out}")
        if not rests:
            return columns, None
        return columns, lambda column: together(rest(column) for rest in rests).through(f"{name}.{column}")

    def _distinct(self, node: exp.Select, scope: _Scope, values: Column) -> None:
        distinct = node.args.get("distinct")
        if distinct is None:
            return
        on = distinct.args.get("on")
        keys = together(self.value(e, scope) for e in on.expressions) if on is not None else values
        self.tell("group", node, keys, together([values, scope.rows]), "DISTINCT")
        if on is not None:
            self.tell("take", distinct, keys, name="distinct on")

    def _order_and_limit(self, node: exp.Expr, scope: _Scope, values: Column, outputs: list[Column]) -> None:
        order = node.args.get("order")
        if order is not None:
            for ordered in order.expressions:
                if isinstance(ordered.this, exp.Var):  # ORDER BY ALL
                    by = values
                elif isinstance(ordered.this, exp.Literal) and str(ordered.this.this).isdigit():
                    place = int(str(ordered.this.this)) - 1
                    by = outputs[place] if place < len(outputs) else values
                else:
                    by = self.value(ordered.this, scope)
                self.tell("order", ordered, by, together([values, scope.rows]))
        for key in ("limit", "offset", "sample"):
            if node.args.get(key) is not None:
                self.tell("take", node.args[key], name=key)

    def _joins(self, node: exp.Select, scope: _Scope) -> None:
        """Tells where what a table says of outcomes comes beside a person that another table names."""
        for one, holds in scope.used.items():
            for other, names in scope.used.items():
                is_tied = frozenset({one, other}) in scope.tied
                if one != other and not is_tied and holds.has(OUTCOME) and names.has(*self.origins.persons):
                    joins = node.args.get("joins")
                    self.tell("join", joins[0] if joins else node, names, holds)

    # Values

    def value(self, node: exp.Expr | None, scope: _Scope) -> Column:
        """What an expression descends from."""
        if node is None or isinstance(node, exp.Identifier | exp.DataType | exp.Literal | exp.Var):
            return Column()
        if isinstance(node, exp.Window):
            return self._window(node, scope)
        if isinstance(node, exp.Filter) or _is_aggregate(node):
            function, given = self._given(node, scope)
            scope.gathered.append(given)
            return self._made(function, given, scope.keys or Column(), scope)
        if isinstance(node, exp.Column):
            if isinstance(node.this, exp.Star):
                tables = [node.table.lower()] if node.table else list(scope.tables)
                return together(scope.use(t, scope.tables[t].whole) for t in tables if t in scope.tables)
            meanings = self._meanings(node, scope)
            if not meanings:
                self.tell("unknown", node)
            return together(column for _, column in meanings)
        if isinstance(node, exp.Query):
            return self._subquery(node, scope)
        if isinstance(node, exp.Exists):
            return self._subquery(node.this, scope).only(OUTCOME)
        if isinstance(node, exp.Lambda):
            inner = replace(scope, lambdas=[*scope.lambdas, *(e.name.lower() for e in node.expressions)])
            return self.value(node.this, inner)
        if isinstance(node, exp.Grouping):
            return Column()  # which grouping set a row is of
        if isinstance(node, exp.Star):
            return together(relation.whole for relation in scope.tables.values())
        if isinstance(node, exp.Ordered):
            by = self.value(node.this, scope)
            self.tell("order", node, by, by)
            return by
        sides = [(child, self.value(child, scope)) for child in node.iter_expressions()]
        given = together(value for _, value in sides)
        if isinstance(node, exp.Func):
            self.tell("call", node, what=given, name=function_name(node))
        if isinstance(node, exp.ArraySize | exp.Length):  # how many, not who
            return given.without(*self.origins.keys)
        if isinstance(node, exp.Predicate):
            if not isinstance(node, exp.Is):
                self._compare(node, sides, scope)
            yes_or_no = given.without(*self.origins.keys)  # no id, but something about whose it is
            path = next(iter(given.only(*self.origins.keys).marks.values()), ())
            return yes_or_no.marked(PERSONAL, path) if path else yes_or_no
        return given

    def _compare(self, node: exp.Expr, sides: list[tuple[exp.Expr, Column]], scope: _Scope) -> None:
        given = together(value for _, value in sides)
        is_constant = any(not side.find(exp.Column, exp.Query) for side, _ in sides)
        if is_constant and given.has(*self.origins.persons):
            self.tell("name_one", node, what=given.only(*self.origins.persons))
        tables = [self._tables_of(side, scope) for side, value in sides if value.has(FIGURE)]
        if any(one and other and one != other for one, other in itertools.combinations(tables, 2)):
            self.tell("compare", node, what=given.only(FIGURE))

    def _meanings(self, node: exp.Column, scope: _Scope | None) -> list[tuple[str, Column]]:
        """The tables and values that a column's name can mean; more than one only where it cannot be told."""
        if scope is None:
            return []
        name, table = node.name.lower(), node.table.lower()
        if table and table in scope.tables:
            column = scope.tables[table].get(name)
            return [(table, scope.use(table, column))] if column else []
        if table and not any(table in around.tables for around in scope.around()):
            return self._named(table, scope) or self._outer(node, scope)  # a field of a struct
        if table:
            return self._outer(node, scope)
        return self._named(name, scope) or self._outer(node, scope)

    def _outer(self, node: exp.Column, scope: _Scope) -> list[tuple[str, Column]]:
        found = self._meanings(node, scope.outer)
        return [(AROUND + table, scope.use(AROUND + table, column)) for table, column in found]

    def _named(self, name: str, scope: _Scope) -> list[tuple[str, Column]]:
        if name in scope.lambdas:
            return [("", Column())]
        listed = scope.merged.get(name) or [t for t, relation in scope.tables.items() if name in relation.columns]
        found = [(t, scope.use(t, column)) for t in listed if (column := scope.tables[t].get(name))]
        if found:
            return found
        found = [
            (t, scope.use(t, relation.rest(name))) for t, relation in scope.tables.items() if relation.rest is not None
        ]
        if name in scope.aliases and name not in scope.resolving:
            scope.resolving.add(name)
            found.append(("", self.value(scope.aliases[name], scope)))
            scope.resolving.discard(name)
        if name in scope.tables:  # a whole row as one value
            found.append((name, scope.use(name, scope.tables[name].whole)))
        return found

    def _subquery(self, node: exp.Expr, scope: _Scope) -> Column:
        """A query within an expression is one more table of the SELECT around it."""
        name = f"subquery {id(node)}"
        made = self.relation(node, scope.known, scope, "subquery")
        holds = together([*made.columns.values(), made.rows])
        scope.use(name, holds)
        for table in made.links:
            scope.tied.add(frozenset({name, table}))
        test = node.parent.parent if isinstance(node.parent, exp.Any) else node.parent
        if isinstance(test, exp.In | exp.EQ) and test.this is not node and (left := self._column(test.this, scope)):
            self._tie(scope, *left, name, together(made.columns.values()))
        return holds

    def _given(self, node: exp.Expr, scope: _Scope) -> tuple[exp.Expr, Column]:
        """An aggregate or window function, and what it is given, its FILTER included."""
        given = []
        while isinstance(node, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
            if isinstance(node, exp.Filter):
                given.append(self.value(node.expression.this, scope).only(OUTCOME, SINGLE))
            node = node.this
        given += [self.value(child, scope) for child in node.iter_expressions() if not isinstance(child, exp.Star)]
        return node, together(given)

    def _made(self, function: exp.Expr, given: Column, keys: Column, scope: _Scope) -> Column:
        """What an aggregate or window function makes of what it is given, by `keys`."""
        name, ids = function_name(function), self.origins.keys
        is_of_someone = keys.has(*ids)
        self.tell("call", function, what=given, name=name)
        counted = name in COUNTS | SUMS | ORDER_OF_ROWS
        if name in COUNTS | ORDER_OF_ROWS:
            made = given.without(*ids, PERSONAL, SINGLE)
        elif name in SUMS:
            made = given.without(PERSONAL)
        else:
            made = given
        if name in ORDER_OF_ROWS:
            self.tell("number", function, by=keys, what=given, name=name)
        elif not counted and name not in COLLECTIONS and not is_of_someone:
            if given.has(*ids):
                self.tell("pick", function, what=given.only(*ids), name=name)
            if given.has(PERSONAL):
                made = made.marked(SINGLE, (*given.marks[PERSONAL], f"{name}(…)"))
        if counted:
            path = next((keys.marks[mark] for mark in ids if mark in keys.marks), ())
            made = made.marked(PERSONAL if is_of_someone else FIGURE, (*path, f"{name}(…)"))
        client = keys.marks.get(self.origins.client, ())
        if client and client[0].rpartition(".")[0] in self.origins.visits and not keys.has(*self.origins.own_rows):
            made = made.marked(OUTCOME, (*client, CAME_AGAIN))
        return together([made, scope.rows.only(OUTCOME)])

    def _window(self, node: exp.Window, scope: _Scope) -> Column:
        definitions = [node]
        if node.args.get("alias") is not None and (select := node.find_ancestor(exp.Select)):
            name = node.args["alias"].name.lower()
            definitions += [w for w in select.args.get("windows") or [] if w.this.name.lower() == name]
        partition = [e for definition in definitions for e in _listed(definition, "partition_by")]
        orders = [
            o
            for definition in definitions
            if definition.args.get("order")
            for o in definition.args["order"].expressions
        ]
        keys = together(self.value(e, scope) for e in partition)
        by = together(self.value(ordered.this, scope) for ordered in orders)
        function, given = self._given(node.this, scope)
        what = together([given, by, scope.rows])
        if partition:
            self.tell("group", node, keys, together([what, keys]), "PARTITION BY")
        if orders:
            self.tell("order", node, by, together([what, keys]))
        return self._made(function, together([given, by.only(OUTCOME)]), keys, scope)


def function_name(node: exp.Expr) -> str:
    """A function's name in small letters, as the parser knows it."""
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return node.name.lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else node.key


def _is_aggregate(node: exp.Expr) -> bool:
    """Whether a node makes one value of the rows of a group; not where it is the function of a window."""
    above = node.parent
    while isinstance(above, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        above = above.parent
    if isinstance(above, exp.Window) and node.arg_key == "this":
        return False
    return isinstance(node, exp.AggFunc) or (isinstance(node, exp.Anonymous) and node.name.lower() in OTHER_AGGREGATES)


def _has_aggregate(node: exp.Expr) -> bool:
    return any(_is_aggregate(part) for part in node.walk(prune=lambda n: isinstance(n, exp.Query)))


def _listed(node: exp.Expr, key: str) -> list[exp.Expr]:
    """An argument of a node as a list, whatever its form."""
    given = node.args.get(key)
    return given if isinstance(given, list) else [given] if isinstance(given, exp.Expr) else []


def _leaves(node: exp.Expr) -> Iterator[exp.Expr]:
    """The keys within grouping sets."""
    if isinstance(node, exp.GroupingSets | exp.Rollup | exp.Cube | exp.Tuple):
        for part in node.expressions:
            yield from _leaves(part)
    else:
        yield node


def _rest_but(rest: Callable[[str], Column], excluded: set[str]) -> Callable[[str], Column]:
    return lambda name: Column() if name in excluded else rest(name)


def _with_rows(relation: Relation) -> Relation:
    """A table whose columns tell which rows it has."""
    rest = relation.rest
    return replace(
        relation,
        columns={name: together([column, relation.rows]) for name, column in relation.columns.items()},
        rest=(lambda name: together([rest(name), relation.rows])) if rest else None,
    )


def _read_from(relation: Relation, table: str) -> Relation:
    """A table as another text reads it: its columns are that text's sources."""
    columns = {name: replace(column, sources=frozenset({(table, name)})) for name, column in relation.columns.items()}
    return replace(relation, columns=columns, parts={})


def _renamed(relation: Relation, alias: exp.Expr | None) -> Relation:
    """A table under an alias that may name its columns anew."""
    names = [column.name.lower() for column in alias.args.get("columns") or []] if alias is not None else []
    if not names:
        return relation
    columns = list(relation.columns.items())
    renamed = {names[i] if i < len(names) else name: column for i, (name, column) in enumerate(columns)}
    return replace(relation, columns=renamed)
