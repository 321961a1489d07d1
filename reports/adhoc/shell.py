"""The analysts' shell: a query at a time, with history, completion, `describe` and `explain`. What is asked goes to `asking`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer, FuzzyCompleter, WordCompleter
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import SqlLexer

from reports.adhoc.asked import state_folder
from reports.adhoc.asking import Answer, Asking
from reports.adhoc.explaining import described, explained, near
from reports.adhoc.showing import as_text

COMMANDS = ("describe", "explain", "help", "quit")
HELP = """\
A query ends with a semicolon. Besides:
  describe            the tables;  describe measures: its columns
  explain MEASURE     what a measure means
  quit                or Ctrl-D"""
_SQL = """
    SELECT FROM WHERE GROUP BY ORDER LIMIT AND OR NOT IN IS NULL LIKE BETWEEN JOIN USING AS WITH HAVING QUALIFY CASE WHEN THEN
    ELSE END count sum avg min max
"""


def words(tables: Mapping[str, list[str]], catalogue: Mapping[str, Any]) -> list[str]:
    """What completes: commands, tables, columns, measures and the words of SQL."""
    columns = [column for held in tables.values() for column in held]
    return list(dict.fromkeys([*COMMANDS, *tables, *columns, *catalogue["measures"], *_SQL.split()]))


def completer(tables: Mapping[str, list[str]], catalogue: Mapping[str, Any]) -> Completer:
    return FuzzyCompleter(WordCompleter(words(tables, catalogue), ignore_case=True))


def history() -> History:
    """In the person's own state folder; where that cannot be written, for this time only."""
    try:
        state_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        path = state_folder() / "history"
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))


def is_whole(text: str) -> bool:
    """Whether what was typed is a command or a query with its end: else another line is waited for."""
    first = text.strip().split(maxsplit=1)[:1]
    return not first or first[0].lower().rstrip(";") in COMMANDS or text.rstrip().endswith(";")


def respond(text: str, asking: Asking, catalogue: Mapping[str, Any], keep: Callable[[Answer], None]) -> str | None:
    """What the shell says to what was typed; None to end."""
    command, _, rest = text.strip().rstrip(";").strip().partition(" ")
    match command.lower():
        case "":
            return ""
        case "quit" | "exit":
            return None
        case "help":
            return HELP
        case "describe":
            return described(asking.tables, catalogue, rest.strip().lower() or None)
        case "explain":
            return (
                explained(rest.strip(), catalogue)
                or f'There is no measure "{rest.strip()}". {near(rest.strip(), catalogue)}'
            )
    answer = asking.ask(text.strip().rstrip(";"))
    keep(answer)
    return as_text(answer, "table") if answer.rule is None else answer.words


def run(
    asking: Asking, catalogue: Mapping[str, Any], say: Callable[[str], None], keep: Callable[[Answer], None]
) -> None:
    """Asks and answers until the person leaves."""
    session: PromptSession[str] = PromptSession(
        "rapport> ", history=history(), completer=completer(asking.tables, catalogue), lexer=PygmentsLexer(SqlLexer),
        complete_while_typing=False, multiline=Condition(lambda: not is_whole(session.default_buffer.text)),
    )  # fmt: skip
    say(f"{len(asking.tables)} tables of what is published. help says more; Ctrl-D ends.")
    while True:
        try:
            text = session.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        said = respond(text, asking, catalogue, keep)
        if said is None:
            return
        if said:
            say(said)
