# SPDX-License-Identifier: Apache-2.0
"""Runs the `modelpack` binary as a user would. `MODELPACK` names it; without that, the release build is used."""
import json
import os
import re
import subprocess

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("MODELPACK") or os.path.join(ROOT, ".build", "release", "modelpack")
TIME_LIMIT = 120  # seconds: nothing in these tests takes more than a few


def run(*arguments, code=0):
    """The finished process; fails the test with its messages unless it exits with `code` (an int or several)."""
    command = [BINARY, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
    wanted = (code,) if isinstance(code, int) else code
    assert done.returncode in wanted, (
        f"exit {done.returncode}, wanted {' or '.join(map(str, wanted))}: {' '.join(command)}\n{done.stderr}{done.stdout}")
    return done


def convert(source, package, *options, code=0):
    return run("convert", source, "-o", package, "--overwrite", *options, code=code)


def quantize(package, output, *options, code=0):
    return run("quantize", package, "-o", output, "--overwrite", *options, code=code)


def inspect(package):
    return json.loads(run("inspect", package, "--json").stdout)


def predict(package, calls, folder, *options):
    """The outputs of `calls` (dictionaries of arrays), made in order on one state."""
    arguments, results = [], []
    for number, call in enumerate(calls):
        given, result = os.path.join(folder, f"given.{number}.npz"), os.path.join(folder, f"result.{number}.npz")
        np.savez(given, **call)
        if os.path.exists(result):
            os.remove(result)
        arguments += ["--inputs", given, "--outputs", result]
        results.append(result)
    run("run", package, *arguments, "--overwrite", *options)
    return [dict(np.load(path)) for path in results]


def identifier(name):
    """`name` as the package spells it: what MIL does not allow becomes `_`, a word of its text form gets a suffix."""
    word = re.sub(r"[^A-Za-z0-9_]", "_", name)
    word = "_" + word if word[:1].isdigit() else word
    return word + "_workaround" if word in ("state", "tensor", "list", "string", "bool") else word


def fed(description, values):
    """`values` by name, with the dtypes that the package's inputs declare; inputs it does not take are left out."""
    values = {identifier(name): value for name, value in values.items()}
    return {i["name"]: np.asarray(values[i["name"]]).astype(i["dtype"]) for i in description["inputs"]}
