"""Handlebars templates, as teams write them for resources that their pipelines deploy.

The rule not to break: what Handlebars renders is rendered the same, byte by byte (tests/contract/templating compares
the two). Differences on purpose are in docs/spec/templates.md: a variable that is missing is a mistake here.
"""

from fairway.domain.templating.errors import TemplateInvalid
from fairway.domain.templating.parsing import Template, parse
from fairway.domain.templating.rendering import Rendered, render

__all__ = ["Rendered", "Template", "TemplateInvalid", "parse", "render"]
