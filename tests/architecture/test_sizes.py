"""Files and functions stay small enough to be read at one sitting."""

import statistics

from tests.support.source import all_files, package_files

FILE_LINES = 400
FUNCTION_LINES = 60
PARAMETERS = 7
MEDIAN_LINES = 8
NINTH_DECILE_LINES = 25


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {file.name: len(file.text.splitlines()) for file in all_files()}
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    functions = [function for file in all_files() for function in file.functions]
    assert {f.name: f.lines for f in functions if f.lines > FUNCTION_LINES} == {}


def test_no_function_takes_more_than_7_parameters() -> None:
    functions = [function for file in package_files() for function in file.functions]
    assert {f.name: f.parameters for f in functions if f.parameters > PARAMETERS} == {}


def test_most_functions_are_short() -> None:
    lengths = [
        function.lines
        for file in package_files()
        for function in file.functions
        if not function.is_signature_only
    ]
    assert statistics.median(lengths) <= MEDIAN_LINES
    assert statistics.quantiles(lengths, n=10)[-1] <= NINTH_DECILE_LINES
