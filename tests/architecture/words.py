"""Check how documents, docstrings, comments and messages are written: `python words.py PATH...`.

A function's docstring opens with an imperative verb, any other with a noun. Prose and messages have
no semicolons, and prose has short sentences. The figures are those of well-written projects of the
field.
"""

import ast
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

LONGEST_TENTH = 25
CLAUSES_PER_THOUSAND = 8.0
SEMICOLONS_PER_THOUSAND = 1.0

#: Words that open a clause without a head, such as "Whether the file is there".
CLAUSE_OPENINGS = frozenset(
    re.findall(
        r"\w+",
        "What Whether Where Wherever When Whenever How Which Who Whoever Whose Whatever That If Of",
    )
)
#: Words that open a noun or an aside, where a function's docstring has to say what it does.
NOUN_OPENINGS = frozenset(
    re.findall(
        r"\w+",
        "A All An And Any As At Both But By Each Every For From In It Its More Most No None Not On "
        "One Only Or Same So Such The Their There These They This Those To True Two With Without",
    )
)
CLAUSE = re.compile(r"\b(?:what|where|whose|whoever)\b", re.IGNORECASE)
CODE = re.compile(r"``[^`]*``|`[^`]*`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
NOT_PROSE = ("#", "|", "    ", "\t", "<!--", "---", ".. ", ":::")
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+(?=[A-Z`*\"(])")
#: A semicolon between two clauses, such as the cause of an error and the way out.
JOINT = re.compile(r"; [a-z0-9_`$-]")
#: Headers, style sheets and Python code.
MACHINE_TEXT = re.compile(r"charset=|-src |--\w+:|\{[^}]*: [^}]*;|@media|import \w+;")
LIST_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def problems_of(path: Path) -> Iterator[str]:
    """Yield what is wrong with a file, each with its place."""
    if path.suffix == ".md":
        yield from _problems_of_prose(path, path.read_text("utf-8"))
    else:
        yield from _problems_of_docstrings(path)
        yield from _problems_of_comments(path)
        if "tests" not in path.parts:
            yield from _problems_of_messages(path)


def paragraphs_of(markdown: str) -> list[str]:
    """Return the paragraphs and list items of a page, without tables, code and headings."""
    paragraphs = [""]
    for line in FENCE.sub("", markdown).splitlines():
        if not line.strip() or line.startswith(NOT_PROSE):
            paragraphs.append("")
        elif LIST_ITEM.match(line):
            paragraphs.append(LIST_ITEM.sub("", line))
        else:
            paragraphs[-1] += " " + line.strip()
    return [CODE.sub("Code", LINK.sub(r"\1", one)).strip() for one in paragraphs if one.strip()]


def sentences_of(paragraphs: list[str]) -> list[str]:
    """Return the sentences of paragraphs. A colon ends one, as a list may follow."""
    return [one for paragraph in paragraphs for one in SENTENCE_END.split(paragraph)]


def _problems_of_prose(path: Path, markdown: str) -> Iterator[str]:
    paragraphs = paragraphs_of(markdown)
    sentences = sorted(sentences_of(paragraphs), key=lambda one: len(one.split()))
    if not sentences:
        return
    words = sum(len(one.split()) for one in sentences)
    longest = sentences[int(0.9 * (len(sentences) - 1))]
    length = len(longest.split())
    if length > LONGEST_TENTH:
        yield f"{path}: a tenth of the sentences have {length} words or more: {longest}"
    text = " ".join(paragraphs)
    for name, count, most in (
        ("semicolons", text.count(";"), SEMICOLONS_PER_THOUSAND),
        ("of what, where, whose, whoever", len(CLAUSE.findall(text)), CLAUSES_PER_THOUSAND),
    ):
        if count > max(1, most * words / 1000):
            yield f"{path}: {count} {name} in {words} words, at most {most:g} in 1,000"


def _problems_of_docstrings(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, Documented) and (docstring := ast.get_docstring(node)):
            line = getattr(node, "lineno", 1)
            opening = docstring.split(maxsplit=1)[0].rstrip(",:.")
            refused = CLAUSE_OPENINGS | (NOUN_OPENINGS if _acts(node) else frozenset())
            if opening in refused:
                yield f"{path}:{line}: the docstring opens with {opening!r}: {docstring[:60]!r}"
            if ";" in CODE.sub("", docstring):
                yield f"{path}:{line}: a semicolon in the docstring"


def _acts(node: Documented) -> bool:
    """Return whether a docstring describes an action, as those of tests and properties do not."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    decorators = {ast.unparse(one) for one in node.decorator_list}
    is_fixture = any("fixture" in one for one in decorators)
    is_property = any(one.endswith("property") for one in decorators)
    return not (is_fixture or is_property or node.name.startswith("test_"))


def _problems_of_comments(path: Path) -> Iterator[str]:
    with path.open("rb") as stream:
        for token in tokenize.tokenize(stream.readline):
            if token.type == tokenize.COMMENT and ";" in CODE.sub("", token.string):
                yield f"{path}:{token.start[0]}: a semicolon in the comment"


def _problems_of_messages(path: Path) -> Iterator[str]:
    """Yield texts that join two clauses by a semicolon. Lists may have one between their items."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    docstrings = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, Documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in docstrings | parts:
            text = _text_of(node)
            if JOINT.search(text) and not MACHINE_TEXT.search(text):
                yield f"{path}:{node.lineno}: a semicolon in a message"


def _text_of(node: ast.expr) -> str:
    """Return a text, with `_` for each value in it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(part) for part in node.values)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "_"


def files_below(path: Path) -> Iterator[Path]:
    """Yield the Python files and pages of a folder, or the file itself."""
    if path.is_file():
        yield path
        return
    yield from sorted(file for file in path.rglob("*") if file.suffix in {".py", ".md"})


def main(arguments: list[str]) -> int:
    """Print the problems of all files below some paths, and return the exit code."""
    problems = [
        problem
        for argument in arguments
        for path in files_below(Path(argument))
        for problem in problems_of(path)
    ]
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
