"""Names, labels and texts in a report come from strangers: none of them may become markup or reach outside."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoft.records.columns import Column, PlanLine, Target
from autoft.records.findings import Finding
from autoft.records.scores import Importance, Interval
from autoft.report.blocks import Intervals, Lines, Series
from autoft.report.build import build
from autoft.report.html import render
from autoft.report.inputs import ReportInputs
from autoft.report.plots import style, svg
from autoft.report.wording import clip

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
#: The only elements of a report, and the only attributes that each may have.
ALLOWED: dict[str, set[str]] = {
    "html": {"lang"},
    "meta": {"charset", "name", "content", "http-equiv"},
    "a": {"href"},
    "img": {"class", "alt", "src"},
    "div": {"class", "role", "aria-label", "tabindex"},
    "pre": {"tabindex"},
    "th": {"scope", "class"},
    "nav": {"aria-label"},
    "section": {"id"},
    **{tag: {"class"} for tag in ("p", "ul", "figure", "tr", "td")},
    **{
        tag: set()
        for tag in (
            *("head", "title", "style", "body", "header", "main", "h1", "h2", "dl", "dt", "dd", "li", "details"),
            *("summary", "figcaption", "table", "thead", "tbody"),
        )
    },
}
SVG_ELEMENTS = {
    *("svg", "g", "path", "use", "defs", "clipPath", "rect", "style"),
    *("metadata", "RDF", "Work", "type", "format", "creator", "Agent", "title", "date"),
}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></title></pre><svg onload=alert(1)>",
    "<!-- --><![CDATA[ ]]> --> ]]>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "&lt;b&gt; &amp; &#x3c;",
    "$\\frac{1}{$",
    "_hidden",
    "a\x00b\x1b]0;title\x07\r\n\u2028",
    "\u202eevil\u2066",
    "שלום עולם",
    "名前 🦊",
    "\ud800",
    "",
]


class Reader(HTMLParser):
    """Collects the text, and every element and attribute outside the allow-list."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forbidden: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.forbidden.append(tag)
        for name, value in attrs:
            local = {"href": "#", "src": "data:image/svg+xml;base64,"}.get(name, "")
            if name not in ALLOWED.get(tag, set()) or not (value or "").startswith(local):
                self.forbidden.append(f"{tag} {name}={value}")

    def handle_comment(self, data: str) -> None:
        self.forbidden.append(f"comment {data}")

    def handle_pi(self, data: str) -> None:
        self.forbidden.append(f"instruction {data}")

    def unknown_decl(self, data: str) -> None:
        self.forbidden.append(f"declaration {data}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def infected(inputs: ReportInputs, text: str) -> ReportInputs:
    """The inputs with the text in every place where a stranger's text can stand."""
    drop = Interval(value=0.1, low=0.05, high=0.2)
    evaluation = dataclasses.replace(
        inputs.evaluation,
        target=Target(name=text, task="binary", classes=("No", text), positive=text),
        overfitting=text,
        per_class={text: {"precision": 0.5, text: 0.5, "rows": 10}},
        curves={"roc": {text: {"x": [0.0, 1.0], "y": [0.0, 1.0]}}, "pr": {text: {"x": [0.0, 1.0], "y": [1.0, 0.1]}}},
        trials=(
            dataclasses.replace(inputs.evaluation.best, params={text: text}),
            dataclasses.replace(inputs.evaluation.best, params={text: text}, status="failed", reason=text),
        ),
        best=dataclasses.replace(inputs.evaluation.best, params={text: text}),
        importance=(Importance(column=text, drop=drop),),
        baselines=tuple(dataclasses.replace(line, name=text) for line in inputs.evaluation.baselines),
        held_out={**inputs.evaluation.held_out, text: drop},
        environment={text: text},
        seconds={text: 1.0},
    )
    return ReportInputs(
        evaluation=evaluation,
        findings=(Finding(code=text, severity="warning", column=text, must=text, found=text, fix=text),),
        plan=(PlanLine(column=text, kind="text", text=text, inputs=1),),
        columns=(Column(id="c000", name=text, kind="text", why=text),),
        engine=text,
        schema_text=f"{text}\n{text}",
        recipe_text=text,
        space=((text, text),),
        title=text,
        notes=(text,),
    )


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    page.encode("utf-8")
    assert POLICY in page
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", page)
    return reader


@pytest.mark.usefixtures("no_pictures")
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from([*HOSTILE, "<", ">", '"', "'", "&", "/", "="]), max_size=4).map("".join),
    )
)
def test_no_text_becomes_markup(text: str, binary: ReportInputs) -> None:
    reader = read(render(build(infected(binary, text))))
    assert reader.forbidden == []
    assert clip(text, 300) in "".join(reader.text)


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("text", HOSTILE)
def test_known_tricks_stay_text(text: str, binary: ReportInputs) -> None:
    reader = read(render(build(infected(binary, text))))
    assert reader.forbidden == []
    assert clip(text, 300) in "".join(reader.text)


@pytest.mark.filterwarnings("error")
def test_no_text_becomes_markup_in_a_picture() -> None:
    names = tuple(clip(text) for text in HOSTILE)
    scored = [(name, Interval(value=float(i), low=float(i), high=float(i))) for i, name in enumerate(names)]
    bars = Intervals(title=HOSTILE[0], alt="", scored=scored, x_label=HOSTILE[1], marked=0)
    series = tuple(Series(name=name, x=(0.0, 1.0), y=(0.0, 1.0)) for name in names)
    lines = Lines(title=HOSTILE[8], alt="", series=series, x_label="x", y_label="y", chance=None, legend="lower left")
    for picture in (bars, lines):
        with style():
            drawn = ElementTree.fromstring(svg(picture))
        for element in drawn.iter():
            assert element.tag.rpartition("}")[2] in SVG_ELEMENTS
            for name, value in element.attrib.items():
                local = name.rpartition("}")[2]
                assert not local.startswith("on")
                assert local != "href" or value.startswith("#")


def test_the_fuzz_would_notice_a_hole(binary: ReportInputs) -> None:
    reader = Reader()
    reader.feed('<p onclick="x">a</p><script>1</script><a href="https://example.org">b</a><!-- c -->')
    assert len(reader.forbidden) == 4


def test_nothing_is_loaded_from_elsewhere(binary_page: str, regression_page: str) -> None:
    for page in (binary_page, regression_page):
        assert read(page).forbidden == []
        assert not re.search(r"https?://|@import|url\(|<script", page)
