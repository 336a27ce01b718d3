"""The laws of the house that neither ruff, mypy nor the import contracts can check."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.support.source import SourceFile, package_files

EMPTY_WORDS = {"manager", "helper", "helpers", "util", "utils", "base", "abstract", "service"}
HEAVY = ("openai", "alembic", "google.auth", "orbion.simulators")
MUTABLE_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
MUTABLE_TYPES = {
    *("dict", "list", "set", "bytearray", "deque", "defaultdict", "OrderedDict", "Counter"),
    *("Cache", "LRUCache", "TTLCache", "WeakKeyDictionary", "WeakValueDictionary"),
}
READ_ONLY = {"Mapping", "Sequence", "Collection", "Set", "AbstractSet", "Iterable"}
MEMOS = {"cache", "lru_cache", "cached"}
ONE_HOME = {
    "phone normaliser": r"(def|class) \w*(canonical|normali[sz]e)_?\w*phone",
    "phone mask": r"def _?mask_\w+",
    "circuit breaker": r"class \w*Breaker\b",
    "rate limiter": r"class \w*(Limiter|Gcra|TokenBuckets?)\b",
    "cache": r"class \w*Cache\b",
    "jitter": r"def \w*jitter\w*",
    "wall clock": r"class System\w*Clock\b",
    "settings": r"class \w+\(BaseSettings\)",
}


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def names_of(file: SourceFile) -> Iterator[str]:
    yield PurePath(file.name).stem
    yield from (node.name for node in file.classes)


def called(node: ast.expr | None) -> str:
    """Name what is called, the last part of a dotted name."""
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Subscript):
        function = function.value
    return getattr(function, "attr", getattr(function, "id", ""))


def bindings(file: SourceFile) -> Iterator[tuple[str, ast.expr | None, ast.expr]]:
    for node in file.tree.body:
        if isinstance(node, ast.Assign):
            yield ast.unparse(node.targets[0]), None, node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield ast.unparse(node.target), node.annotation, node.value


def is_mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return called(value) in MUTABLE_TYPES
    return isinstance(value, MUTABLE_DISPLAYS)


def inner_imports(file: SourceFile) -> Iterator[tuple[str, str]]:
    """Yield (function, imported module) for each import that is not at the top."""
    for function in file.functions:
        for node in ast.walk(function.node):
            if isinstance(node, ast.Import):
                yield from ((function.name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield function.name, node.module or ""


def test_every_module_says_in_one_sentence_what_it_is_for() -> None:
    wrong = []
    for file in package_files():
        docstring = ast.get_docstring(file.tree) or ""
        sentence = docstring.partition("\n\n")[0]
        is_first = file.text.startswith('"""')
        if not is_first or not re.fullmatch(r"(?:(?!\.\s+[A-Z])[^\n])+[.?]", sentence):
            wrong.append(file.name)
    assert wrong == []


def test_no_name_is_an_empty_word() -> None:
    named = [(file.name, name) for file in package_files() for name in names_of(file)]
    assert [pair for pair in named if words(pair[1]) & EMPTY_WORDS] == []


@pytest.mark.parametrize("name", ["BaseThing", "LeadManager", "http_utils", "AbstractX"])
def test_empty_words_are_recognised(name: str) -> None:
    assert words(name) & EMPTY_WORDS


@pytest.mark.parametrize("name", ["Database", "BreakerState", "helpful", "rebase"])
def test_words_that_only_contain_an_empty_word_are_fine(name: str) -> None:
    assert not words(name) & EMPTY_WORDS


def test_nothing_is_imported_for_the_type_checker_alone() -> None:
    assert [file.name for file in package_files() if "TYPE_CHECKING" in file.text] == []


def test_only_the_heavy_imports_stand_in_functions_each_in_one_loader() -> None:
    loaders = defaultdict(set)
    others = []
    for file in package_files():
        for function, module in inner_imports(file):
            heavy = next((h for h in HEAVY if f"{module}.".startswith(f"{h}.")), None)
            if heavy:
                loaders[heavy].add(function)
            else:
                others.append((function, module))
    assert others == []
    assert {heavy: found for heavy, found in loaders.items() if len(found) > 1} == {}


def test_no_module_holds_mutable_state() -> None:
    """A table is a constant when its annotation is read-only: mypy then refuses to change it."""
    found = [
        (file.name, name)
        for file in package_files()
        for name, annotation, value in bindings(file)
        if name != "__all__" and is_mutable(value) and called(annotation) not in READ_ONLY
    ]
    assert found == []


def test_no_function_keeps_state_in_its_module() -> None:
    found = [
        function.name
        for file in package_files()
        for function in file.functions
        if any(called(decorator) in MEMOS for decorator in function.node.decorator_list)
        or any(isinstance(node, ast.Global) for node in ast.walk(function.node))
    ]
    assert found == []


@pytest.mark.parametrize("concept", ONE_HOME)
def test_each_concept_is_implemented_in_one_module(concept: str) -> None:
    homes = [file.name for file in package_files() if re.search(ONE_HOME[concept], file.text)]
    assert len(homes) <= 1, homes
