"""Numbers with separators, currencies and units: read where the cells prove what they mean, asked about elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import autoft
from autoft import AutoFineTuner
from autoft.data.columns import infer_columns
from autoft.data.convert import convert, numbers_of
from autoft.data.table import read
from autoft.errors import SchemaError
from autoft.pipeline.describe import inspect_table
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column, NumberFormat
from autoft.records.findings import Finding
from autoft.records.reading import read_record
from autoft.schema.contract import ContractOptions, contract, serving
from autoft.schema.engines import choose
from tests.tables import tiny_recipe


def _one(cells: Sequence[object], **options: object) -> tuple[Column, tuple[Finding, ...]]:
    columns, findings = infer_columns(read(pd.DataFrame({"a": cells})).frame, **options)  # type: ignore[arg-type]
    return columns[0], findings


def _read(cells: object, column: Column) -> list[float]:
    return convert(read(pd.DataFrame({"a": cells})).frame, [column]).values[column.id].tolist()


CERTAIN = {
    "dollars": (["$194,718", "$5", "-$1,234.50", "$-7"], "$1,234.5", [194718, 5, -1234.5, -7]),
    "dollars alone": (["$194,718", "$208,500", "$181,500"], "$1,234.5", [194718, 208500, 181500]),
    "per cent": (["10.65%", "98.1 %", "-3%"], "1234.5%", [10.65, 98.1, -3]),
    "millions prove thousands": (["1,234,567", "1,234", "12"], "1,234.5", [1234567, 1234, 12]),
    "a point proves thousands": (["1,234", "7.25", "12"], "1,234.5", [1234, 7.25, 12]),
    "decimal comma": (["19,47", "3,5", "1,234", "0,125"], "1234,5", [19.47, 3.5, 1.234, 0.125]),
    "dots between thousands": (["1.234,56", "1.234", "12,5"], "1.234,5", [1234.56, 1234, 12.5]),
    "millions with dots": (["1.234.567", "1.234", "12"], "1.234,5", [1234567, 1234, 12]),
    "blanks": (["1 234,5", "1 234 567,25", "12"], "1 234,5", [1234.5, 1234567.25, 12]),
    "narrow blanks": (["1\u202f234", "1\u00a0234\u00a0567", "12"], "1 234.5", [1234, 1234567, 12]),
    "apostrophes": (["1'234", "1’234.50", "CHF 12"], "CHF 1'234.5", [1234, 1234.5, 12]),
    "India": (["₹ 1,23,456.50", "₹12,34,567", "₹5"], "₹1,234.5", [123456.5, 1234567, 5]),
    "a unit": (["1248 CC", "1498 CC", "800 cc"], "1234.5 CC", [1248, 1498, 800]),
    "a unit of words": (["23.4 km / kg", "19 km / kg", "12.5 km / kg"], "1234.5 km / kg", [23.4, 19, 12.5]),
    "a unit with a digit": (["120 m2", "85.5 m2", "60m2"], "1234.5 m2", [120, 85.5, 60]),
    "one and many": (["5 years", "1 year", "12 Years"], "1234.5 years", [5, 1, 12]),
    "currency behind": (["1,200.50 USD", "12.00 USD", "7.50 USD"], "1,234.5 USD", [1200.5, 12, 7.5]),
    "euros before": (["€ 12", "€ 1.200,50", "€ -3"], "€1.234,5", [12, 1200.5, -3]),
    "reals": (["R$ 1.234,50", "R$ 12,00", "R$ 3,10"], "R$1.234,5", [1234.5, 12, 3.1]),
    "rupees": (["Rs. 1200", "Rs. 450", "Rs 30"], "Rs.1234.5", [1200, 450, 30]),
    "accounts": (["(1,234)", "5", "(7)"], "1,234.5", [-1234, 5, -7]),
    "multiples": (["€1.5M", "€500K", "€12"], "€1234.5k", [1.5e6, 5e5, 12]),
    "metres": (["5m", "12m", "7.5m"], "1234.5 m", [5, 12, 7.5]),
    "minus behind": (["439,50-", "1.234,25-", "12,00"], "1.234,5", [-439.5, -1234.25, 12]),
    "no cents": (["63,- €", "1.234,-- €", "5,50 €"], "1.234,5€", [63, 1234, 5.5]),
    "a unit with a number": (["11,6 l/100 km", "4,8 l/100 km", "7,1 l/100 km"], "1234,5 l/100 km", [11.6, 4.8, 7.1]),
    "letters of money": (["$5m", "$7b", "$3m"], "$1234.5k", [5e6, 7e9, 3e6]),
    "money in brackets": (["$(145.50)", "$7", "$ (3)"], "$1234.5", [-145.5, 7, -3]),
    "minus behind whole numbers": (["4395-", "120", "1,234,567-"], "1,234.5", [-4395, 120, -1234567]),
    "sign and code": (["$ 1,200.50 USD", "$7 USD", "$3 USD"], "$1,234.5 USD", [1200.5, 7, 3]),
    "rupiah": (["Rp 1.234.567", "Rp 500", "Rp 12.000"], "Rp 1.234,5", [1234567, 500, 12000]),
    "full width": (["１２．５％", "9.5％", "３%"], "1234.5%", [12.5, 9.5, 3]),
    "minus signs": (["−$5", "–$7", "$9"], "$1234.5", [-5, -7, 9]),
}


@pytest.mark.parametrize("case", CERTAIN)
def test_formats_that_the_cells_prove_are_read_and_said(case: str) -> None:
    cells, form, values = CERTAIN[case]
    column, findings = _one(cells * 40)
    assert (column.kind, str(column.number_format)) == ("numeric", form)
    assert _read(cells, column) == values
    assert [_read([cell], column)[0] for cell in cells] == values
    assert [(finding.code, finding.severity) for finding in findings] == [("number-format", "info")]
    assert form in findings[0].found
    assert "which is read as " in findings[0].found


QUESTIONS = {
    "thousands or decimals": (["1,234", "2,345", "7"], "data: {decimal: '.'} if the comma stands between"),
    "dots with a currency": (["1.234 €", "2.345 €", "7 €"], "data: {decimal: ','} if the dot stands between"),
    "both": (["1,5", "2.5", "12,7"], "a decimal comma and others with a decimal point"),
    "two units": (["5 kg", "11 lb", "7 kg"], "several units: 'kg' (80 cells), 'lb' (40 cells)"),
    "two currencies": (["$5", "€11", "$7"], "several units: '$' (80 cells), '€' (40 cells)"),
    "shares and per cent": (["12%", "0.12", "0.3"], "several units: none (80 cells), '%' (40 cells)"),
}


@pytest.mark.parametrize("case", QUESTIONS)
def test_what_is_not_certain_is_asked(case: str) -> None:
    cells, told = QUESTIONS[case]
    column, (finding,) = _one(cells * 40)
    assert (column.kind, finding.code, finding.severity) == ("categorical", "number-format", "warning")
    assert told in f"{finding.found}; {finding.fix}"


@pytest.mark.parametrize("mark", ["~{}", ">= {}", "{}+", "{}*", "{} ± 0.1", "{} x 10^3", "{}[1]", "≈ {} kg"])
def test_numbers_with_marks_are_asked_about(mark: str) -> None:
    column, (finding,) = _one([mark.format(n * 1.5) for n in range(40)])
    assert (column.kind, finding.code, finding.severity) == ("categorical", "number-format", "warning")
    assert "has 40 numbers with marks" in finding.found
    assert _one([mark.format(n) for n in (18, 21, 65)] * 20)[1] == ()


@pytest.mark.parametrize("cells", [["1,234", "2,345", "12,500"], ["1.234 €", "2.345 €", "12.500 €"]])
def test_a_factor_of_a_thousand_in_every_cell_is_no_matter_but_in_the_target(cells: list[str]) -> None:
    column, (finding,) = _one(cells * 40)
    assert _read(cells, column) == [1234, 2345, 12500]
    assert (finding.code, finding.severity) == ("number-format", "warning")
    assert "are taken for thousands; if they stand before decimals, write data: {decimal:" in finding.fix
    column, (finding,) = _one(cells * 40, target="a")
    assert (column.kind, finding.code, finding.severity) == ("categorical", "number-format", "warning")
    assert "120 cells become numbers" in finding.fix


@pytest.mark.parametrize(("decimal", "values"), [(".", [1234, 2345, 12500]), (",", [1.234, 2.345, 12.5])])
def test_the_user_says_what_a_comma_means(decimal: str, values: list[float]) -> None:
    cells = ["1,234", "2,345", "12,500"]
    column, _ = _one(cells * 40, decimal=decimal)
    assert _read(cells, column) == values
    column, _ = _one(["1.234 €", "2.345 €", "12.500 €"] * 40, decimal="," if decimal == "." else ".")
    assert _read(["1.234 €", "2.345 €", "12.500 €"], column) == values


def test_whole_numbers_of_up_to_three_digits_prove_thousands_where_there_are_many() -> None:
    numbers = [n * n * 7 % 9000 + 1 for n in range(60)]
    column, (finding,) = _one([f"{n:,}" for n in numbers])
    assert (_read([f"{n:,}" for n in numbers], column), finding.severity) == (numbers, "info")
    dotted = [f"{n:,}".replace(",", ".") for n in numbers]  # 12.345 of a German table, which float reads
    column, (finding,) = _one(dotted)
    assert (_read(dotted, column), finding.severity) == (numbers, "warning")
    assert "data: {decimal: '.'}" in finding.fix
    column, findings = _one(dotted, decimal=".")
    assert (column.number_format, findings) == (None, ())


@pytest.mark.parametrize(
    "cells",
    [
        ["1st", "2nd", "3rd"],
        ["1/2", "3/4", "5/8"],
        ["10-20", "20-30", "5-10"],
        ["A11", "A12", "A13"],
        ["1.2.3", "1.2.4", "2.0.1"],
        ["5'10\"", "6'1\"", "5'9\""],
        ["030 123 456", "040 321 654", "089 555 444"],
        ["12 Main St 4", "7 Oak Ave 3", "1 Elm St 5"],
        ["7A", "8B", "9C"],
        ["1A", "1B", "2A", "2B"],
        ["2-", "2+", "3-"],
        ["1017-QX", "1018-QX", "1019-QX"],
        ["+49301234567", "+4930999999"],
        ["0017 kg", "x", "y"],
        ["10115 Berlin", "20095 Hamburg", "80331 Munich"],
        ["192.168.100.200", "192.168.134.100", "10.110.120.130"],
        ["123,456,789,012,345,678", "123,456,789,012,345,679", "123,456,789,012,345,677"],
    ],
)
def test_other_texts_with_digits_stay_categories_without_a_question(cells: list[str]) -> None:
    column, findings = _one(cells * 40)
    assert (column.kind, findings) == ("categorical", ())


def test_a_format_reads_later_tables_too_and_nothing_in_another_format() -> None:
    point, _ = _one(["$1,234.50", "$7.25"] * 40)
    assert _read(["1234.5", 7, "$1,000", "12,5", "5 kg", "€5"], point)[:3] == [1234.5, 7, 1000]
    assert np.isnan(_read(["1234.5", 7, "$1,000", "12,5", "5 kg", "€5"], point)[3:]).all()
    assert _read([1234.5, 7.0], point) == [1234.5, 7]
    comma, _ = _one(["19,47", "3,5"] * 40)
    assert _read(["19.47", "20", "1.234,5"], comma) == [19.47, 20, 1234.5]
    assert np.isnan(_read(["1.234", "1,234.5"], comma)).all()  # 1234 or 1.234: nobody knows
    dots, _ = _one(["1.234,5", "12,5"] * 40)
    assert _read(["1.234", "7,5"], dots) == [1234, 7.5]
    assert np.isnan(_read(["7.5", "1,234.5"], dots)).all()
    converted = convert(read(pd.DataFrame({"a": ["$5", "5 kg"]})).frame, [point])
    assert (converted.bad, converted.first_bad) == ({"c000": 1}, {"c000": (2, "5 kg")})


TRAINED = {
    "whole": [str(n * n) for n in range(40)],
    "grouped": [f"{n * n * 997:,}" for n in range(40)],
    "per cent": [f"{n * 1.7:.1f}%" for n in range(40)],
}


@pytest.mark.parametrize(
    ("trained", "cells", "severity"),
    [
        ("whole", ["1.234"], "warning"),
        ("whole", ["1.234", "980", "1.234,50"], "error"),
        ("whole", ["12.5", "1.234"], None),
        ("whole", [1.234], None),
        ("grouped", ["1,234", "19,47"], "error"),
        ("grouped", ["1,234", "1234.5"], None),
        ("per cent", [0.12, 0.5], "warning"),
        ("per cent", ["0.12"], "warning"),
        ("per cent", ["0.5%", "0.2"], None),
        ("per cent", [12, 0.5], None),
    ],
)
def test_later_numbers_that_may_mean_others_are_told(trained: str, cells: list[object], severity: str | None) -> None:
    column, _ = _one(TRAINED[trained])
    later = read(pd.DataFrame({"a": cells})).frame
    found = [finding.severity for finding in serving(later, (column,), None, None) if finding.code == "number-format"]
    assert found == [severity] * (severity is not None)


def test_dots_before_three_digits_in_every_cell_are_noted() -> None:
    column, (finding,) = _one([f"{n + 1}.{n * 7 % 1000:03d}" for n in range(40)])
    assert (column.kind, column.number_format, finding.severity) == ("numeric", None, "info")
    assert "if they stand between thousands, write data: {decimal: ','}" in finding.fix
    assert _one([f"{n + 1}.{n * 7 % 1000:03d}" for n in range(40)] + ["0.5"])[1] == ()


def test_sizes_and_telephone_numbers_are_no_amounts() -> None:
    assert _one(["34B", "36C", "34C"] * 40)[0].kind == "categorical"
    assert _one([str(n) for n in range(95)] + ["12K", "7a", "9B", "30b", "31c", "40a"])[0].kind == "categorical"
    assert _one([f"{600 + n} {n * 7 % 1000:03d} {n * 77 % 1000:03d}" for n in range(60)])[0].kind == "identifier"
    assert _one([f"+49{30 + n} {123456 + n * n}" for n in range(60)])[0].kind == "identifier"


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "frame", "category"])
def test_the_source_makes_no_difference(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame({"a": ["1.234,5 €", "12 €", None, "7,25 €"] * 10, "b": range(40)})
    path = tmp_path / name
    if name == "t.csv":
        frame.to_csv(path, index=False)
    elif name == "t.parquet":
        frame.to_parquet(path)
    elif name == "category":
        frame = frame.astype({"a": "category"})
    table = read(str(path) if path.suffix else frame)
    column = infer_columns(table.frame)[0][0]
    np.testing.assert_array_equal(convert(table.frame, [column]).values["c000"][:4], [1234.5, 12, np.nan, 7.25])


def test_few_cells_of_another_kind_are_missing_and_said() -> None:
    column, (read_as, mixed) = _one([f"{n / 7:.2f} bhp" for n in range(97)] + ["null bhp", " bhp", "5 kW"])
    assert (column.kind, read_as.code, mixed.code) == ("numeric", "number-format", "mixed-types")
    assert "3 of 100 values that differ from the others (first: row 98, 'null bhp')" in mixed.found


def test_too_many_other_cells_make_a_category_and_a_question() -> None:
    column, (finding,) = _one([f"{n} kg" for n in range(88)] + ["?"] * 12)
    assert (column.kind, finding.code, finding.severity) == ("categorical", "mixed-types", "warning")
    assert "12 of 100 values that differ from the others (first: row 89, '?')" in finding.found


def test_a_column_that_is_declared_to_be_numeric_is_read_as_far_as_it_can_be() -> None:
    cells = ["$1,234", "$2,000", "much", "7"]
    column, _ = _one(cells * 10, kinds={"a": "numeric"})
    np.testing.assert_array_equal(_read(cells, column), [1234, 2000, np.nan, 7])
    with pytest.raises(SchemaError, match="none of its values is a number"):
        _one(["kg 1", "lb 2"] * 10, kinds={"a": "numeric"})


def test_amounts_to_predict_are_numbers_and_classes_stay_texts() -> None:
    frame = pd.DataFrame({"x": np.sqrt(np.arange(60)), "price": [f"${1000 + n * n:,}" for n in range(60)]})
    found = inspect_table(Recipe().with_changes(target="price"), frame, enforce=False)
    assert found.target is not None
    assert (found.target.task, found.target.dtype) == ("regression", "float64")
    assert found.table.frame["price"].tolist() == [1000 + n * n for n in range(60)]
    rates = frame.assign(rate=["5%", "10%", "20%"] * 20)
    found = inspect_table(Recipe().with_changes(target="rate"), rates, enforce=False)
    assert found.target is not None
    assert found.target.classes == ("10%", "20%", "5%")
    assert "rate" not in [finding.column for finding in found.findings]


def test_the_recipe_says_what_a_comma_means() -> None:
    frame = pd.DataFrame({"x": ["1,234", "2,345", "7,500"] * 20, "y": np.sqrt(np.arange(60))})
    found = inspect_table(Recipe().with_changes(target="y", decimal=","), frame, enforce=False)
    assert found.converted.values["c000"][:3].tolist() == [1.234, 2.345, 7.5]
    assert numbers_of(read(pd.DataFrame({"w": ["€ 1,5", "€ 2"]})).frame, "w").tolist() == [1.5, 2]


def test_an_accepted_repair_reads_the_format_too() -> None:
    frame = pd.DataFrame({"x": [f"{n + 1} kg" for n in range(97)] + ["9999 kg"] * 3, "y": np.sqrt(np.arange(100))})
    recipe = Recipe().with_changes(target="y", **{"preprocess.accept": ["placeholder-values"]})
    found = inspect_table(recipe, frame, enforce=False)
    assert np.isnan(found.converted.values["c000"]).tolist() == [False] * 97 + [True] * 3


def test_a_format_comes_back_from_json_and_old_files_have_none() -> None:
    column, _ = _one(["1.234,5 €", "7,5 €"] * 20)
    assert read_record(Column, asdict(column)) == column
    old = {key: value for key, value in asdict(column).items() if key != "number_format"}
    assert read_record(Column, old).number_format is None
    assert isinstance(column.number_format, NumberFormat)


def test_long_cells_take_linear_time() -> None:
    long = ["$" + "1,111" * 40_000, "1 " * 100_000, "(" * 200_000, "5 " + "k" * 200_000]
    assert _one([*long, "$12"])[0].kind in ("categorical", "text")


def test_a_schema_takes_later_tables_in_the_format_or_as_plain_numbers_and_no_others() -> None:
    numbers = np.random.default_rng(0).integers(1_000, 900_000, 60)
    frame = read(pd.DataFrame({"a": [f"${n:,}" for n in numbers], "y": ["no", "yes"] * 30})).frame
    columns, _ = infer_columns(frame, target="y")
    engine = choose("portable")
    held = contract(frame, columns, engine, ContractOptions(target="y"))

    def found(cells: object) -> list[str]:
        later = read(pd.DataFrame({"a": cells})).frame
        return [f.code for f in serving(later, columns[:1], engine, held.schema) if f.severity == "error"]

    assert found([f"${n:,}" for n in numbers]) == []
    assert found(numbers) == []
    assert found([str(n) for n in numbers]) == []
    assert found([f"€ {n}" for n in numbers]) == ["tfdv:UNEXPECTED_DATA_TYPE"]


@pytest.mark.slow
def test_a_model_answers_formatted_tables_as_it_answers_plain_ones(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    plain = pd.DataFrame({"size": random.integers(400, 4000, 120), "rate": random.uniform(1, 30, 120).round(2)})
    plain["price"] = plain["size"] * 100 + (plain["rate"] * 1000).round()
    plain["walk"] = random.choice(["NA", "", "brick"], 120)
    written = pd.DataFrame(
        {
            "size": [f"{n:,} sqft" if n % 2 else f"{n} sqft" for n in plain["size"]],
            "rate": [f"{n:.2f}%".replace(".", ",") for n in plain["rate"]],
            "price": [f"${n:,.0f}" for n in plain["price"]],
            "walk": plain["walk"],
        }
    )
    written.loc[0, "size"] = "1,234.5 sqft"
    plain.loc[0, "size"] = 1234.5
    recipe = tiny_recipe(target="price", trials=1, **{"schema.engine": "portable"})
    answers = [
        AutoFineTuner(recipe=recipe, directory=tmp_path / name).fit(frame).predict(frame)
        for name, frame in (("written", written), ("plain", plain))
    ]
    np.testing.assert_array_equal(*answers)
    meta = json.loads((tmp_path / "written" / "model" / "meta.json").read_text(encoding="utf-8"))
    assert (meta["words_apart"], meta["missing"]) == ({"walk": ["NA"]}, None)
    loaded = autoft.load(tmp_path / "written")
    written.to_csv(tmp_path / "written.csv", index=False)
    np.testing.assert_array_equal(loaded.predict(plain), answers[0])
    np.testing.assert_array_equal(loaded.predict(str(tmp_path / "written.csv")), answers[0])
    np.testing.assert_array_equal(loaded.predict(written[:1]), answers[0][:1])
    assert answers[0].dtype == np.float64
