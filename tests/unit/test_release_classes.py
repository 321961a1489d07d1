"""Shares and counts in words, at the borders of their classes."""

import pytest

from assets.release.classes import count_class, share_class


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (0, 0, "none"),
        (0, 1000, "none"),
        (1, 1000, "under 1 %"),
        (9, 1000, "under 1 %"),
        (10, 1000, "1 % to 5 %"),
        (50, 1000, "5 % to 20 %"),
        (199, 1000, "5 % to 20 %"),
        (200, 1000, "20 % to 80 %"),
        (800, 1000, "80 % to 95 %"),
        (950, 1000, "95 % to 99 %"),
        (990, 1000, "99 % or more"),
        (1000, 1000, "99 % or more"),
    ],
)
def test_a_share_in_words(part: int, whole: int, words: str):
    assert share_class(part, whole) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "none"),
        (1, "under 100"),
        (99, "under 100"),
        (100, "100 to 200"),
        (499, "200 to 500"),
        (999, "500 to 1,000"),
        (1000, "1,000 to 2,000"),
        (103_221, "100,000 to 200,000"),
        (10_000_000, "10,000,000 to 20,000,000"),
        (10**12, "1,000,000,000,000 or more"),
    ],
)
def test_a_count_in_words(count: int, words: str):
    assert count_class(count) == words
