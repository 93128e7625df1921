# SPDX-License-Identifier: Apache-2.0
import logging
import os
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TQDM_DISABLE"] = "1"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pytest  # noqa: E402

import modelpack  # noqa: E402

sys.path.insert(0, os.path.join(modelpack.ROOT, "scripts", "fixtures"))


def pytest_sessionstart(session):
    if not session.config.option.collectonly and not os.access(modelpack.BINARY, os.X_OK):
        pytest.exit(f"no modelpack at {modelpack.BINARY}: build it with 'swift build -c release' or set MODELPACK", 2)


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """`exported(case)`: the base path of the case's export and recorded values, made once."""
    from record import record

    made = {}

    def export(case):
        if case.name not in made:
            directory = str(tmp_path_factory.mktemp(case.name))
            record(directory, case.name, case.module, case.calls, **case.options)
            made[case.name] = os.path.join(directory, case.name)
        return made[case.name]

    return export


@pytest.fixture(scope="session")
def coremltools_packages(tmp_path_factory):
    """A folder of packages that coremltools has just written."""
    import packages

    directory = str(tmp_path_factory.mktemp("packages"))
    packages.make(directory, scale=2)
    return directory
