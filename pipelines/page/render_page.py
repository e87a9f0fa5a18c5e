"""Renders a page.

It is one file with its style, script and data, and takes nothing from elsewhere.

All text goes through the template engine, which escapes it; the page's policy lets no script run
but its own.
"""

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from shardmill.pipelines.console.printable import printable

# Characters that could end or begin an element or a comment, and line ends that JavaScript knows.
_IN_SCRIPT = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


def render_page(page: str, context: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Renders a page.

    Args:
        page: The name of its template and of its script.
        context: The values that the template names.
        data: The values that the script draws.
    """
    style = _read("page.css")
    parts = "".join(map(_read, ("charts.js", f"{page}.js", "columns.js")))
    script = f'"use strict";\n(() => {{\n{parts}}})();\n'
    return (
        _environment()
        .get_template(f"{page}.html.jinja")
        .render(
            **context,
            # They are the package's own.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            policy=(
                f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
                "base-uri 'none'; form-action 'none'"
            ),
            data=embedded(data),
        )
    )


def embedded(data: Mapping[str, Any]) -> Markup:
    """Formats data as JSON for a script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(_IN_SCRIPT))  # noqa: S704  (nothing in it can end the element)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return resources.files(__package__).joinpath("templates").joinpath(name).read_text("utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters["thousands"] = "{:,}".format
    return environment


def _finalize(value: Any) -> Any:
    """Escapes control characters of each text that is inserted."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
