"""Texts to words and words to numbers, against scikit-learn and TensorFlow's own tables of characters."""

import unicodedata

import keras
import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from autoft.preprocessing.encode import Encoded, encode, row_keys
from autoft.preprocessing.encoder import build_encoder
from autoft.preprocessing.layers.texts import CountWords
from autoft.preprocessing.layout import InputLayout, blocks, make_layout
from autoft.preprocessing.statistics import fit_statistics, tfidf
from autoft.preprocessing.text import (
    MISSING_WORD,
    MOST_BYTES,
    clean,
    cleaned,
    count_words,
    fit_words,
    slots_for,
    vocabulary_of,
)
from autoft.records.columns import Column

on_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow has strings")

RNG = np.random.default_rng(0)
WORDS = np.array([f"word{j}" for j in range(90)])
#: Frequent and rare words, some of them several times in a row.
TEXTS = np.array([" ".join(RNG.choice(WORDS, 12, p=np.arange(1, 91) / 4095)) for _ in range(120)], dtype=object)
MEMBERS = [np.arange(0, 80), np.arange(40, 120), np.arange(0, 120, 3)]


def plan_of(texts: np.ndarray, missing: int = 0) -> InputLayout:
    return make_layout([Column(id="t", name="t", kind="text", why="", missing=missing)], {"t": texts})


def encoding(texts: np.ndarray, members: list[np.ndarray]) -> tuple[InputLayout, np.ndarray]:
    plan = plan_of(texts)
    encoded = encode(plan, {"t": texts}, len(texts))
    statistics = fit_statistics(plan, encoded, members)
    return plan, np.asarray(build_encoder(plan, statistics)(statistics.arrays(encoded))["dense"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FREE entry, free!", "free entry free"),
        ("it's 5 o'clock_now", "it s 5 o clock now"),
        ("[UNK]", "unk"),
        ("Cafe\u0301", "café"),
        ("STRASSE Straße", "strasse straße"),
        ("ΑΣ", "ας"),
        ("हिन्दी", "हिन्दी"),
        ("a👩‍👩‍👧b ❤\ufe0f", "a b"),
        ("\ud800a\x00b\ue000c", "a b c"),
        ("\ue000missing", "missing"),
        ("x" * 64 + " " + "y" * 65, "x" * 64),
        ("?!", ""),
        ("", ""),
        (None, MISSING_WORD),
    ],
)
def test_words_of_a_text(text: str | None, words: str):
    assert clean(text) == words


def test_both_normal_forms_of_a_character_are_the_same_word():
    for code in (*range(0x2000), *range(0x2000, 0x30000, 7)):
        text = f"a{chr(code)}b"
        words = clean(text)
        assert clean(unicodedata.normalize("NFD", text)) == words
        assert clean(words) == words


@on_tensorflow
def test_tensorflow_leaves_every_character_of_clean_texts_alone():
    """Its tables are of another version of Unicode than Python's."""
    words = sorted({word for code in range(0x20000) for word in clean(f"a{chr(code)}b").split()} - {"a", "b", "ab"})
    assert len(words) > 50_000
    counts = np.asarray(CountWords(words[::7])(np.array([[word] for word in words[::7]], dtype=object)))
    np.testing.assert_array_equal(counts.argmax(axis=1), np.arange(len(counts)))
    np.testing.assert_array_equal(counts.sum(axis=1), 1.0)


@on_tensorflow
def test_counts_in_tensorflow_equal_those_in_training():
    known = ("entry", "free", "win", MISSING_WORD)
    texts = ["FREE entry free", "", "?", "won", "word " * 1000 + "win", clean(None)]
    found = np.asarray(CountWords(known)(np.array([[t] for t in texts], dtype=object)))
    expected = count_words(known, np.array([t if t == MISSING_WORD else clean(t) for t in texts], dtype=object))
    np.testing.assert_array_equal(found, expected.counts.toarray())
    assert found.tolist() == [[1, 2, 0, 0], [0] * 4, [0] * 4, [0] * 4, [0, 0, 1, 0], [0, 0, 0, 1]]


def test_encodings_equal_scikit_learns_on_each_members_rows():
    plan, dense = encoding(TEXTS, MEMBERS)
    slots = plan.texts[0].slots
    assert slots == 64 < len(plan.texts[0].vocabulary)
    for s, rows in enumerate(MEMBERS):
        frequency = CountVectorizer(binary=True).fit(TEXTS[rows])
        present = np.asarray(frequency.transform(TEXTS[rows]).sum(axis=0)).ravel()
        names = frequency.get_feature_names_out()
        order = [j for j in np.lexsort((names, -present)) if present[j] > 1][:slots]
        counter = CountVectorizer(vocabulary=names[order])
        counts = counter.transform(TEXTS).astype(float)
        counts.data = np.log1p(counts.data)
        transformer = TfidfTransformer(smooth_idf=True).fit(counter.transform(TEXTS[rows]))
        expected = transformer.transform(counts).toarray()
        np.testing.assert_allclose(dense[s, :, : len(order)], expected, atol=2e-6)
        assert not dense[s, :, len(order) :].any()


def test_the_baselines_see_the_same_words():
    plan, dense = encoding(TEXTS, MEMBERS)
    found = tfidf(plan, encode(plan, {"t": TEXTS}, len(TEXTS)), MEMBERS[1])
    np.testing.assert_allclose(found, dense[1], atol=2e-6)


def test_a_word_is_known_to_members_that_have_it_in_two_rows():
    texts = cleaned(["rare common", "common", "common", "rare", "once", "common rare"])
    vocabulary = vocabulary_of(texts)
    assert vocabulary == ("common", "rare")
    words = fit_words(vocabulary, 4, count_words(vocabulary, texts), [np.arange(3), np.arange(2, 6), np.array([4])])
    assert words.known == ("common", "rare")
    assert [
        [words.known[j] for j, w in zip(*own, strict=True) if w] for own in zip(words.take, words.idf, strict=True)
    ] == [
        ["common"],
        ["common", "rare"],
        [],
    ]
    assert words.idf[0].tolist() == pytest.approx([np.log(4 / 4) + 1, 0, 0, 0])


def test_texts_without_a_word_that_comes_twice_are_zeros():
    plan, dense = encoding(np.array([f"{k}a" for k in range(30)], dtype=object), [np.arange(20), np.arange(10, 30)])
    assert dense.shape == (2, 30, sum(width for _, width in blocks(plan)))
    assert not dense.any()


def test_missing_is_a_word_of_its_own():
    texts = np.array([None, "yes sir", "", None, "yes", np.nan], dtype=object)
    _, dense = encoding(texts, [np.arange(6)])
    missing = dense[0, 0]
    assert np.linalg.norm(missing) == pytest.approx(1)
    np.testing.assert_array_equal(dense[0, [3, 5]], [missing, missing])
    assert not (dense[0, 1] * missing).any()
    assert not dense[0, 2].any()


@pytest.mark.parametrize("rows", [100, 10_000, 200_000, 3_000_000])
def test_slots_keep_the_encoding_within_its_memory(rows: int):
    slots = slots_for(rows, 2, 10, 10**6)
    assert slots % 16 == 0
    assert 16 <= slots <= 512
    assert slots == 16 or 2 * slots * 4 * 10 * rows <= MOST_BYTES
    assert slots_for(rows, 2, 10, 17) == min(slots, 32)


def test_rows_with_the_same_words_have_the_same_key():
    texts = np.array(["Free entry!", "free ENTRY", "entry free", "only here", "nowhere else"], dtype=object)
    encoded = encode(plan_of(texts), {"t": texts}, 5)
    keys = row_keys(encoded)
    assert keys[0] == keys[1]
    assert len(set(keys.tolist())) == 4
    order = np.array([4, 0])
    assert row_keys(encoded.rows(order)).tolist() == keys[order].tolist()


def test_a_text_column_that_is_absent_counts_as_missing():
    texts = np.array(["a b", "a", None, None], dtype=object)
    encoded: Encoded = encode(plan_of(texts), {}, 2)
    np.testing.assert_array_equal(encoded.texts[0].counts.toarray(), [[0, 1], [0, 1]])
