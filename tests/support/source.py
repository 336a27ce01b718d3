"""The project's own Python files and what stands in them, for the tests of its laws."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "orbion"
# Not migrations: a revision is a record of what was done once, and is never edited.
FOLDERS = ("src", "tests", "scripts", "loadtests")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Function:
    """`lines` counts the definition and its body, without decorators and docstring."""

    name: str
    node: FunctionNode

    @property
    def lines(self) -> int:
        node = self.node
        total = (node.end_lineno or node.lineno) - node.lineno + 1
        if ast.get_docstring(node, clean=False) is None:
            return total
        first = node.body[0]
        return total - ((first.end_lineno or first.lineno) - first.lineno + 1)

    @property
    def parameters(self) -> int:
        arguments = self.node.args
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        return len([name for name in names if name not in {"self", "cls"}])

    @property
    def is_signature_only(self) -> bool:
        """Say whether this is a Protocol's method: nothing but a docstring and `...`."""
        return all(
            isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
            for line in self.node.body
        )


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def functions(self) -> Sequence[Function]:
        return tuple(
            Function(name=f"{self.name}:{node.lineno} {node.name}", node=node)
            for node in self.nodes
            if isinstance(node, FunctionNode)
        )

    @property
    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in self.nodes if isinstance(node, ast.ClassDef))


@cache
def all_files() -> Sequence[SourceFile]:
    """Read and parsed once for all who ask."""
    paths = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(SourceFile(path=path) for path in paths)


def package_files() -> Sequence[SourceFile]:
    return [file for file in all_files() if PACKAGE in file.path.parents]
