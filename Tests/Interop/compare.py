# SPDX-License-Identifier: Apache-2.0
"""How far apart two results are, and what is too far."""
import numpy as np

from modelpack import identifier


def relative_error(expected, actual):
    """The largest difference over the range of `expected` (over its largest magnitude when all are equal)."""
    expected, actual = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    assert expected.shape == actual.shape, f"shape {actual.shape}, expected {expected.shape}"
    if expected.size == 0:
        return 0.0
    finite = np.isfinite(expected)
    different = (expected != actual) & ~(np.isnan(expected) & np.isnan(actual))
    if (different & ~finite).any() or not np.isfinite(actual[finite]).all():
        return float("inf")
    if not finite.any():
        return 0.0
    expected, actual = expected[finite], actual[finite]
    span = expected.max() - expected.min() or np.abs(expected).max() or 1.0
    return float(np.abs(expected - actual).max() / span)


def assert_close(expected, actual, tolerance, order=(), labels=None):
    """Every array of `expected` is in `actual` within `tolerance`; whole numbers are equal.

    Outputs are found by name, or by how the package spells it. Otherwise it is found by its place in
    `order`, the package's outputs in order. `tolerance` is a number, or a function of an output's label.
    """
    problems = []
    for place, (name, value) in enumerate(expected.items()):
        word = identifier(name)
        spellings = (name, word, f"var{word}", f"{word}_0")  # the last: an input has the name
        found = next((actual[n] for n in spellings if n in actual), None)
        if found is None and len(order) == len(expected):
            found = actual.get(order[place])
        label = f"{name} ({labels[name]})" if labels and name in labels else name
        if found is None:
            problems.append(f"{label}: missing, there are {sorted(actual)}")
            continue
        try:
            error = relative_error(value, found)
        except AssertionError as mismatch:
            problems.append(f"{label}: {mismatch}")
            continue
        allowed = (tolerance(label) if callable(tolerance) else tolerance) if value.dtype.kind == "f" else 0
        if not error <= allowed:
            problems.append(f"{label}: relative error {error:.2e}, allowed {allowed:.0e}")
    assert not problems, "\n".join(problems)
