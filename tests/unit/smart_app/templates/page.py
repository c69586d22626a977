"""Owns reading a rendered page back: its elements, ids, labels and forms, for the template tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from flask import Flask, render_template
from jinja2 import StrictUndefined

from smart_app.panel.view import PanelView

ROOT = Path(__file__).resolve().parents[4]
VOID = {"meta", "link", "input", "img", "br", "hr"}


@dataclass
class Element:
    """One element: its tag, attributes, own ancestors (outermost first), and all text inside."""

    tag: str
    attributes: dict[str, str]
    ancestors: tuple[Element, ...]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """A page as a flat list of elements in document order."""

    source: str
    elements: list[Element] = field(default_factory=list)
    unclosed: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self.unclosed))
        self.elements.append(element)
        if tag not in VOID:
            self.unclosed.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, tuple(self.unclosed)))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed[-1].tag == tag, f"</{tag}> closes <{self.unclosed[-1].tag}>"
        self.unclosed.pop()

    def handle_data(self, data: str) -> None:
        for element in self.unclosed:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        """The elements of these tags."""
        return [element for element in self.elements if element.tag in tags]

    def inside(self, outer: Element, *tags: str) -> list[Element]:
        """The elements of these tags within `outer`."""
        return [element for element in self.all(*tags) if any(ancestor is outer for ancestor in element.ancestors)]

    @property
    def text(self) -> str:
        """All text of the page, white space collapsed."""
        return " ".join(self.elements[0].text.split())


def _app() -> Flask:
    app = Flask(__name__, template_folder=str(ROOT / "smart_app/templates"), static_folder=str(ROOT / "static"))
    app.jinja_env.undefined = StrictUndefined
    return app


APP = _app()


def render(template: str, **values: object) -> Page:
    """A template rendered as Flask renders it, with undefined names refused."""
    with APP.test_request_context("/"):
        return Page(render_template(template, **values))


def render_panel(view: PanelView) -> Page:
    """The panel's page of `view`."""
    return render("panel/panel.html", panel=view, entry_key="key-1")
