"""Build the documentation site from the pages of the repository (`make docs`)."""

from quantgate import __version__

project = "quantgate"
author = "The quantgate maintainers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
root_doc = "docs/site/index"
include_patterns = [
    "*.md",
    "components/*/README.md",
    "components/upstream/*/README.md",
    "docs/*.md",
    "docs/decisions/*.md",
    "docs/site/*.md",
    "specs/README.md",
]

myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"quantgate {release}"
html_extra_path = ["index.html"]
