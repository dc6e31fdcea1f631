"""Commands that rewrite a schema: what they change, and that they change nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from autoft.cli import main
from autoft.errors import SchemaError
from autoft.records.findings import Finding
from autoft.schema import edit
from autoft.schema.edit import hints
from autoft.schema.portable.messages import DatasetFeatureStatisticsList, Schema
from autoft.schema.splice import splice

TEXT = """# Customers; reviewed in May.
feature {
  name: "age"     # in years
  type: INT
  presence { min_fraction: 1 min_count: 1 }
  int_domain { min: 18 max: 60 }  # {not} a "block
}
# Where they live.
feature: < name: 'city # } "' type: BYTES domain: "places" >
feature { name: "pay" type: FLOAT }
feature { name: "sick" type: INT bool_domain {} }
feature {
  name: "churn"
  type: BYTES
  string_domain { value: "no" value: "yes" }
}
string_domain {
  name: "places"
  value: "Oslo"
}
default_environment: "TRAINING"
default_environment: "SERVING"
"""
CITY = 'city # } "'


def schema(text: str = TEXT) -> Any:
    return text_format.Parse(text, Schema())


def feature(message: Any, name: str) -> Any:
    return next(feature for feature in message.feature if feature.name == name)


def test_a_share_of_empty_cells():
    presence = feature(edit.allow_missing(schema(), "age", 0.2), "age").presence
    assert (presence.min_fraction, presence.min_count) == (pytest.approx(0.8), 1)
    assert not feature(edit.allow_missing(schema(), "age", 1.0), "age").HasField("presence")
    with pytest.raises(SchemaError, match="between 0 and 1, but it is 20"):
        edit.allow_missing(schema(), "age", 20)


@pytest.mark.parametrize(
    ("low", "high", "limits"), [(0, 99, (0, 99)), (20, 30, (18, 60)), (50, 70, (18, 70)), (-5, -5, (-5, 60))]
)
def test_a_range_only_grows(low, high, limits):
    domain = feature(edit.widen(schema(), "age", low, high), "age").int_domain
    assert (domain.min, domain.max) == limits


def test_a_first_range_and_an_open_one():
    domain = feature(edit.widen(schema(), "pay", 0.5, 9), "pay").float_domain
    assert (domain.min, domain.max) == (0.5, 9.0)
    half = schema("feature { name: 'pay' type: FLOAT float_domain { min: 3 } }")
    domain = edit.widen(half, "pay", 0, 9).feature[0].float_domain
    assert (domain.min, domain.HasField("max")) == (0.0, False)


@pytest.mark.parametrize(
    ("column", "low", "high", "found"),
    [
        ("age", 0.5, 9, "0.5 to 9"),
        ("sick", 0, 2, "two truth values"),
        (CITY, 0, 2, "the schema says text"),
        ("pay", 3, 1, "3 is not below 1"),
    ],
)
def test_a_range_that_makes_no_sense(column, low, high, found):
    with pytest.raises(SchemaError, match=found):
        edit.widen(schema(), column, low, high)


def test_categories_of_shared_and_own_lists():
    assert list(edit.accept(schema(), CITY, ["Rome", "Oslo", "Rome"]).string_domain[0].value) == ["Oslo", "Rome"]
    own = feature(edit.accept(schema(), "churn", ["maybe"]), "churn").string_domain
    assert list(own.value) == ["no", "yes", "maybe"]
    with pytest.raises(SchemaError, match="lists none for it"):
        edit.accept(schema(), "age", ["20"])


def test_not_in_serving():
    once = edit.not_in_serving(schema(), "churn")
    assert list(feature(once, "churn").not_in_environment) == ["SERVING"]
    assert edit.not_in_serving(once, "churn") == once
    listed = schema("feature { name: 'y' in_environment: 'TRAINING' in_environment: 'SERVING' }")
    assert list(edit.not_in_serving(listed, "y").feature[0].in_environment) == ["TRAINING"]


def test_an_unknown_column_and_the_original():
    before = schema()
    with pytest.raises(SchemaError, match="perhaps 'age' is meant"):
        edit.not_in_serving(before, "agee")
    edit.allow_missing(before, "age", 0.5)
    assert before == schema()


class TestText:
    def test_everything_else_stays_byte_for_byte(self):
        after = edit.accept(edit.allow_missing(schema(), "age", 0.25), CITY, ["Łódź"])
        text = splice(TEXT, schema(), after)
        assert schema(text) == after
        kept = TEXT[TEXT.index("# Where they live") : TEXT.index('string_domain {\n  name: "places"')]
        assert kept in text
        assert text.startswith("# Customers; reviewed in May.\n")
        for comment in ("# in years", '# {not} a "block'):
            assert text.index(comment) < text.index('name: "age"')

    def test_nothing_changed(self):
        assert splice(TEXT, schema(), schema()) == TEXT

    def test_a_layout_in_lists_is_printed_anew(self):
        text = "# lost\nfeature: [ { name: 'a' }, { name: 'b' } ]"
        after = edit.not_in_serving(schema(text), "b")
        assert schema(splice(text, schema(text), after)) == after

    def test_a_change_beyond_columns_is_printed_anew(self):
        after = schema()
        after.default_environment.append("TEST")
        assert schema(splice(TEXT, schema(), after)) == after


def finding(anomaly: str, column: str) -> Finding:
    return Finding(code=f"tfdv:{anomaly}", severity="error", column=column, must="x", found="y", fix="z")


class TestHints:
    STATISTICS = DatasetFeatureStatisticsList(
        datasets=[
            {
                "num_examples": 3,
                "features": [
                    {
                        "path": {"step": ["age"]},
                        "num_stats": {"min": -1, "max": 70, "common_stats": {"num_non_missing": 2}},
                    },
                    {
                        "path": {"step": [CITY]},
                        "string_stats": {
                            "rank_histogram": {"buckets": [{"label": "Oslo"}, {"label": "It's"}, {"label": "-x"}]}
                        },
                    },
                    {"path": {"step": ["pay"]}, "num_stats": {"min": -0.5, "max": 1e22}},
                ],
            }
        ]
    )

    def commands(self, *found: Finding, serving: bool = False) -> list[str]:
        made = hints(found, self.STATISTICS, schema(), "my schema.pbtxt", serving=serving)
        return [hint.command for hint in made]

    @pytest.mark.parametrize(
        ("anomaly", "column", "command"),
        [
            ("FEATURE_TYPE_LOW_FRACTION_PRESENT", "age", "allow-missing 'my schema.pbtxt' age 0.34"),
            ("INT_TYPE_BIG_INT", "age", "widen -- 'my schema.pbtxt' age -1 70"),
            ("FLOAT_TYPE_SMALL_FLOAT", "pay", "widen -- 'my schema.pbtxt' pay -0.5 1e+22"),
            (
                "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
                CITY,
                """accept -- 'my schema.pbtxt' 'city # } "' 'It'"'"'s' -x""",
            ),
            ("SCHEMA_MISSING_COLUMN", "churn", "allow-missing 'my schema.pbtxt' churn 1"),
        ],
    )
    def test_command(self, anomaly, column, command):
        assert self.commands(finding(anomaly, column)) == [f"autoft schema {command}"]

    def test_a_missing_column_in_serving(self):
        (command,) = self.commands(finding("SCHEMA_MISSING_COLUMN", "churn"), serving=True)
        assert command == "autoft schema not-in-serving 'my schema.pbtxt' churn"

    def test_two_findings_of_one_command_and_none_for_some(self):
        found = [finding("INT_TYPE_BIG_INT", "age"), finding("INT_TYPE_SMALL_INT", "age")]
        assert len(self.commands(*found)) == 1
        assert self.commands(finding("SCHEMA_NEW_COLUMN", "new"), finding("UNEXPECTED_DATA_TYPE", "age")) == ["", ""]


class TestCommands:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "s.pbtxt"
        path.write_text(TEXT, encoding="utf-8")
        return path

    @pytest.mark.parametrize(
        ("words", "part"),
        [
            (["allow-missing", "FILE", "age", "0.25"], "min_fraction: 0.75"),
            (["widen", "--", "FILE", "age", "-1e1", "60"], "min: -10"),
            (["accept", "--", "FILE", CITY, "-x", "Rome"], 'value: "-x"'),
            (["not-in-serving", "FILE", "churn"], 'not_in_environment: "SERVING"'),
        ],
    )
    def test_the_file_is_rewritten_once(self, file, words, part, capsys):
        words = ["schema", *(str(file) if word == "FILE" else word for word in words)]
        assert main.main(words) == 0
        once = file.read_text(encoding="utf-8")
        assert part in once
        assert "# Where they live." in once
        assert capsys.readouterr().out == f"{file} is rewritten\n"
        assert main.main(words) == 0
        assert file.read_text(encoding="utf-8") == once
        assert "left as it is" in capsys.readouterr().out

    def test_an_error_leaves_the_file(self, file, capsys):
        assert main.main(["schema", "widen", str(file), CITY, "1", "2"]) == 1
        assert file.read_text(encoding="utf-8") == TEXT
        assert "must hold numbers to have a range" in capsys.readouterr().err
        file.write_text("feature { nme: 'x' }")
        assert main.main(["schema", "not-in-serving", str(file), "x"]) == 1
        assert "line 1:11" in capsys.readouterr().err

    def test_show(self, file, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")
        planned = "feature { name: '[red]' lifecycle_stage: PLANNED annotation { tag: 'empty' } }"
        half = "feature { name: 'half' presence { min_count: 1 min_fraction: 0.5 } }"
        some = "feature { name: 'some' presence { min_count: 1 } }"
        file.write_text("\n".join([TEXT, planned, half, some]))
        assert main.main(["schema", "show", str(file)]) == 0
        lines = capsys.readouterr().out.splitlines()
        rows = {cells[0]: cells[1:] for line in lines if len(cells := [c.strip() for c in line.split("│")[1:-1]]) == 6}
        assert rows["age"] == ["INT", "", "none", "18 to 60", ""]
        assert rows[CITY][3] == "Oslo"
        assert rows["sick"][3] == "0 or 1"
        assert [rows[name][2] for name in ("pay", "half", "some")] == ["any, may be absent", "up to 0.5", "not all"]
        assert rows["[red]"] == ["", "empty", "not checked (planned)", "", ""]

    def test_show_of_a_folder(self, file, capsys):
        (file.parent / "manifest.json").write_text("{}")
        assert main.main(["schema", "show", str(file.parent)]) == 1
        assert "trained without one" in capsys.readouterr().err
        file.rename(file.parent / "schema.pbtxt")
        assert main.main(["schema", "show", str(file.parent)]) == 0
        assert "churn" in capsys.readouterr().out
