"""What every test relies on: a test that needs a Debian package says so, and is skipped by name where it is missing.

In `.ci/run` (CI=true, or POUCH_REQUIRE_DEBIAN=1) nothing is skipped: there a missing package is a failure.
"""

import os
import shutil

import pytest

# shared by two folders, either of which may be collected first
pytest.register_assert_rewrite("store_contract")

#: The program by which a package is recognised. A test names the package: `@pytest.mark.debian("xmlsec1")`.
PROGRAMS = {
    "gsoap": "soapcpp2",
    "libxml2-utils": "xmllint",
    "nodejs": "node",
    "npm": "npm",
    "openssl": "openssl",
    "postgresql-15": "/usr/lib/postgresql/15/bin/initdb",
    "prometheus": "promtool",
    "systemd": "systemd-analyze",
    "xmlsec1": "xmlsec1",
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("debian"):
        for package in mark.args:
            if shutil.which(PROGRAMS[package]) is None:
                _lacks(package)


def _lacks(package: str) -> None:
    remedy = f"needs the Debian package {package}: apt-get install {package}"
    if os.environ.get("CI") == "true" or os.environ.get("POUCH_REQUIRE_DEBIAN") == "1":
        pytest.fail(remedy, pytrace=False)
    pytest.skip(remedy)
