# SPDX-License-Identifier: Apache-2.0
"""Reads what `scripts/fixtures/record.py` wrote beside a model."""
import json
import os

import numpy as np


def about(base):
    with open(base + ".json") as file:
        return json.load(file)


def calls(base):
    """`(inputs, expected)` of each call, in order."""
    if os.path.exists(base + ".inputs.npz"):
        return [(dict(np.load(base + ".inputs.npz")), dict(np.load(base + ".expected.npz")))]
    found = []
    while os.path.exists(f"{base}.inputs.{len(found)}.npz"):
        place = f"{len(found)}.npz"
        found.append((dict(np.load(f"{base}.inputs.{place}")), dict(np.load(f"{base}.expected.{place}"))))
    assert found, f"nothing is recorded beside {base}"
    return found


def in_order(expected, description):
    """`expected` in the order of the signature (an npz is sorted by name)."""
    names = dict.fromkeys(o["name"] for o in description["outputs"])
    return {name: expected[name] for name in names if name in expected}
