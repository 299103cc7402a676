"""Submodules that a library imports, and that nothing uses."""

import subprocess
import sys

import pytest

SETUP = """
import sys
from quantgate.foundation.lazy_modules import put_off
with put_off("xml.dom.minidom"):
    import xml.dom.minidom
assert "xml.dom.expatbuilder" not in sys.modules and "xml.dom.NodeFilter" not in sys.modules
"""


@pytest.mark.parametrize(
    "use",
    [
        "assert xml.dom.minidom.parseString('<a/>').documentElement.tagName == 'a'",
        "from xml.dom.minidom import Document; Document().createElement('a')",
        "import xml.dom.minidom as minidom; minidom.Document().createElement('a')",
        "before = xml.dom.minidom; before.Document; assert before.Node is xml.dom.minidom.Node",
        "xml.dom.minidom.Document; assert sys.modules['xml.dom.minidom'] is xml.dom.minidom",
    ],
)
def test_module_is_imported_once_it_is_used(use):
    subprocess.run([sys.executable, "-c", SETUP + use], check=True)


def test_module_that_is_already_imported_stays():
    code = """
import xml.dom.minidom
from quantgate.foundation.lazy_modules import put_off
before = xml.dom.minidom
with put_off("xml.dom.minidom"):
    assert xml.dom.minidom is before
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_attribute_is_reported_as_of_the_module():
    code = SETUP + "xml.dom.minidom.nothing"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "module 'xml.dom.minidom' has no attribute 'nothing'" in run.stderr


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("quantgate.statistics.special_functions", ("numpy.f2py.crackfortran",)),
        ("quantgate.components.quantizer.engine", ("scipy.linalg.lapack", "scipy.special")),
    ],
)
def test_imports_leave_out_what_only_a_few_functions_need(module, unused):
    code = f"import sys, {module}; assert not set(sys.modules).intersection({unused!r})"
    subprocess.run([sys.executable, "-c", code], check=True)
