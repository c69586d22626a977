"""The pages that are not a panel: the way in, and every message."""

from __future__ import annotations

from .page import render

MESSAGE = {
    "title": "The EHR does not answer",
    "what_happened": "It had ten seconds.",
    "what_lost": "Nothing.",
    "what_next": "Try again <b>soon</b>.",
}


def test_home_says_how_to_open_a_chart_and_names_no_ehr() -> None:
    page = render("home.html")
    assert page.all("h1")[0].text == "Chronic Care Management, inside the chart"
    assert "Open the patient’s chart in your EHR." in page.text
    assert page.all("form", "script") == []


def test_a_message_says_what_happened_what_is_lost_and_what_to_do() -> None:
    page = render("message.html", **MESSAGE)
    assert [answer.text for answer in page.all("dd")] == ["It had ten seconds.", "Nothing.", "Try again <b>soon</b>."]
    assert page.all("h1")[0].text == "The EHR does not answer"
    assert page.all("b", "script") == []
    assert [link.attributes["href"] for link in page.all("a")] == ["#content"]


def test_a_message_does_not_say_its_title_twice() -> None:
    page = render("message.html", **{**MESSAGE, "what_happened": MESSAGE["title"]})
    assert [question.text for question in page.all("dt")] == ["What is lost", "What to do"]


def test_a_message_offers_its_action_and_a_window_of_its_own() -> None:
    page = render(
        "message.html", **MESSAGE, action_label="Try again", action_href="/launch", new_window_href="/login?a=1&b=2"
    )
    links = {link.text: link.attributes for link in page.all("a")}
    assert links["Try again"]["href"] == "/launch"
    assert links["Open in a new window"]["href"] == "/login?a=1&b=2"
    assert links["Open in a new window"]["rel"] == "noopener"


def test_every_page_is_english_scales_and_is_kept_out_of_indexes() -> None:
    for page in (render("home.html"), render("message.html", **MESSAGE)):
        assert page.all("html")[0].attributes["lang"] == "en"
        names = {meta.attributes.get("name"): meta.attributes.get("content") for meta in page.all("meta")}
        assert names["viewport"] == "width=device-width, initial-scale=1"
        assert names["robots"] == "noindex"
