"""Quantile-normal numbers against scikit-learn's."""

import keras
import numpy as np
import pytest
from sklearn.preprocessing import QuantileTransformer

from autoft.preprocessing.encode import encode
from autoft.preprocessing.encoder import build_encoder
from autoft.preprocessing.encoders.numbers import quantile_table, quantiles_for
from autoft.preprocessing.layers.numbers import QuantileNormal
from autoft.preprocessing.layout import LayoutOptions, describe_layout, make_layout
from autoft.preprocessing.statistics import fit_statistics
from autoft.records.columns import Column

RNG = np.random.default_rng(0)
ROWS = 700
CELLS = {
    "normal": RNG.normal(5, 2, ROWS),
    "skewed": RNG.exponential(1e4, ROWS) ** 2,
    "ties": RNG.choice([0.0, 1.0, 2.0, 3.0], ROWS, p=[0.1, 0.5, 0.2, 0.2]),
    "inflated": np.where(RNG.random(ROWS) < 0.7, 3.0, RNG.normal(3, 5, ROWS)),
    "milliseconds": 1.7e12 + RNG.integers(0, 10**6, ROWS),
    "holes": np.where(RNG.random(ROWS) < 0.3, np.nan, RNG.normal(size=ROWS)),
    "constant": np.where(np.arange(ROWS) < 350, 7.0, RNG.normal(size=ROWS)),
    "huge": RNG.choice([-1.7e308, 0.0, 1.0, 2.0, 1.7e308], ROWS),
}
TABLE = np.stack(list(CELLS.values()), axis=1)
#: Members of different numbers of quantiles, and rows that none of them has seen.
MEMBERS = [np.arange(350), np.arange(100, 650), np.arange(0, 650, 3)]


def layer_of(table: np.ndarray) -> QuantileNormal:
    layer = QuantileNormal(len(table), table.shape[1])
    layer.build((len(table), None, table.shape[2]))
    layer.set_weights([table])
    return layer


def normal(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.asarray(layer_of(table)(np.repeat(x[None], len(table), axis=0)))


@pytest.mark.parametrize("name", ["normal", "skewed", "ties", "inflated", "milliseconds"])
def test_numbers_equal_scikit_learns(name: str):
    x = CELLS[name]
    # Beyond the ends, on quantiles, between them.
    asked = np.concatenate([x, [x.min() - 1, x.max() + 1], (np.sort(x)[1:] + np.sort(x)[:-1]) / 2])
    found = normal(quantile_table(x[:, None], MEMBERS), asked[:, None])
    for s, rows in enumerate(MEMBERS):
        reference = QuantileTransformer(n_quantiles=quantiles_for(len(rows)), output_distribution="normal")
        expected = reference.fit(x[rows, None]).transform(asked[:, None])
        np.testing.assert_allclose(found[s], expected, atol=2e-5)
        assert np.abs(found[s]).max() == pytest.approx(5.19934, abs=1e-4)


def test_a_value_of_many_rows_gets_the_middle_of_their_ranks():
    x = np.array([0.0] * 2 + [1.0] * 6 + [2.0, 3.0])
    found = normal(quantile_table(x[:, None], [np.arange(10)]), np.array([[1.0], [1.5], [2.5]]))[0, :, 0]
    assert found[0] == pytest.approx(0.0, abs=1e-6)  # ranks 2 to 7 of 0 to 9
    assert 0 < found[1] < found[2] < 5


def test_constant_columns_are_silent_extreme_ones_finite():
    found = normal(quantile_table(TABLE, MEMBERS), np.nan_to_num(np.clip(TABLE, -1e300, 1e300)))
    columns = list(CELLS)
    assert not found[0, :, columns.index("constant")].any()
    assert found[1, :, columns.index("constant")].std() > 0.5
    assert np.isfinite(found).all()
    assert len(np.unique(found[0, :, columns.index("huge")])) == 5


def test_missing_values_do_not_count():
    own = CELLS["holes"][MEMBERS[0]]
    table = quantile_table(CELLS["holes"][:, None], MEMBERS)
    count = quantiles_for(len(own))
    np.testing.assert_allclose(table[0, :count, 0], np.nanquantile(own, np.linspace(0, 1, count)))
    assert np.isinf(table[2, quantiles_for(len(MEMBERS[2])) :]).all()
    assert not quantile_table(np.full((5, 1), np.nan), [np.arange(5)])[0, :10].any()


def dense(cells: dict[str, np.ndarray], members: list[np.ndarray]) -> tuple[keras.Model, dict, np.ndarray]:
    flag = RNG.choice([0.0, 1.0], ROWS) if "flag" not in cells else cells["flag"]
    values = {**cells, "flag": flag}
    kinds = {"flag": "boolean"}
    columns = [
        Column(id=c, name=c, kind=kinds.get(c, "numeric"), why="", missing=int(np.isnan(x).sum()))
        for c, x in values.items()
    ]
    plan = make_layout(columns, values, LayoutOptions(scale="quantile"))
    assert "quantiles become those of a normal distribution" in describe_layout(plan, columns)[0].text
    encoded = encode(plan, values, ROWS)
    statistics = fit_statistics(plan, encoded, members)
    encoder = build_encoder(plan, statistics)
    inputs = statistics.arrays(encoded)
    return encoder, inputs, np.asarray(encoder(inputs)["dense"])


def test_the_encoder_spreads_numbers_and_fills_gaps(tmp_path):
    encoder, inputs, found = dense(CELLS, MEMBERS)
    table = quantile_table(TABLE, MEMBERS)
    np.testing.assert_allclose(found[1, :, 0], normal(table[1:2], TABLE)[0, :, 0], atol=1e-6)
    holes = np.isnan(CELLS["holes"])
    assert np.abs(found[:, holes, list(CELLS).index("holes")]).max() < 0.05
    assert np.unique(np.abs(found[0, :, len(CELLS)])) == pytest.approx([3 / np.sqrt(10)])  # 1, squeezed
    encoder.save(tmp_path / "encoder.keras")
    again = keras.saving.load_model(tmp_path / "encoder.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(again(inputs)["dense"]), found)


def test_quantiles_owe_nothing_to_held_out_rows():
    _, _, before = dense({**CELLS, "flag": np.zeros(ROWS)}, MEMBERS)
    out = np.setdiff1d(np.arange(ROWS), MEMBERS[0])
    corrupted = {name: np.where(np.isin(np.arange(ROWS), out), -99.0, x) for name, x in CELLS.items()}
    _, _, after = dense({**corrupted, "holes": CELLS["holes"], "flag": np.zeros(ROWS)}, MEMBERS)
    np.testing.assert_array_equal(after[0, MEMBERS[0]], before[0, MEMBERS[0]])
    assert not np.array_equal(after[1, MEMBERS[0]], before[1, MEMBERS[0]])
