from __future__ import annotations

from fhir_mappings.text import clean_line, clean_note, narrative_text, shortened


def test_a_nul_is_removed_and_leaves_no_space() -> None:
    assert clean_line("Jo\x00hn\x07 Doe") == "John Doe"


def test_right_to_left_marks_combining_characters_and_joined_emoji_stay() -> None:
    name = "\u202bשרה\u202c e\u0301 👩‍⚕️"
    assert clean_line(name) == name


def test_half_of_a_surrogate_pair_is_removed_so_that_the_text_can_be_encoded() -> None:
    assert clean_note("a\ud83d b") == "a b"


def test_a_line_has_no_line_ends_and_a_note_keeps_them() -> None:
    assert clean_line(" one\r\ntwo\tthree ") == "one two three"
    assert clean_note(" one\r\ntwo\rthree\x85 ") == "one\ntwo\nthree"


def test_ten_thousand_characters_come_through_whole() -> None:
    assert clean_note("é" * 10_000) == "é" * 10_000


def test_a_shortened_text_has_the_limit_as_its_length() -> None:
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"


def test_a_narrative_becomes_words_without_markup_or_script() -> None:
    div = "<div><p>Walk &amp; rest</p><script>alert(1)</script><br/>Eat</div>"
    assert narrative_text(div, 100) == "Walk & rest Eat"


def test_a_narrative_cut_inside_a_script_or_tag_shows_none_of_it() -> None:
    assert narrative_text("<p>Walk</p><script>alert(1)", 100) == "Walk"
    assert narrative_text("Walk <img src=x onerror=", 100) == "Walk"
