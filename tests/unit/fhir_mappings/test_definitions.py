from __future__ import annotations

from ccm.vocabulary import ACTIVITIES, MODALITIES, PERFORMER_CLASSES, PROGRAMMES
from fhir_mappings import codes
from fhir_mappings.definitions import code_system, definitions
from fhir_mappings.observation import build_entry_observation
from tests.unit.fhir_mappings.builders import NOON, entry
from tests.unit.fhir_mappings.published import FOLDER, as_file


def test_the_published_files_are_exactly_the_definitions() -> None:
    published = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert published == {name: as_file(resource) for name, resource in definitions().items()}


def test_every_word_of_an_entry_has_a_code_of_its_own() -> None:
    words = [
        *ACTIVITIES,
        *MODALITIES,
        *map(codes.class_code, PERFORMER_CLASSES),
        *map(codes.programme_code, PROGRAMMES),
        *map(codes.track_code, codes.TRACKS),
    ]
    assert len(words) == len(set(words))
    assert set(words) < codes.CONCEPTS.keys()


def test_the_code_system_lists_every_code_once_with_its_words() -> None:
    listed = {each["code"]: each["display"] for each in code_system()["concept"]}
    assert listed == codes.CONCEPTS
    assert code_system()["count"] == len(listed)


def test_every_component_that_we_write_is_in_the_profile() -> None:
    profile = definitions()["StructureDefinition-ccm-entry-observation.json"]
    sliced = {each.get("sliceName") for each in profile["differential"]["element"]}
    whole = build_entry_observation(entry(separate_from_visit=True), patient="p1", issued=NOON, counted_seconds=1)
    assert {part["code"]["coding"][0]["code"] for part in whole["component"]} == sliced - {None}


def test_no_code_is_a_billing_code() -> None:
    assert not [code for code in codes.CONCEPTS if any(character.isdigit() for character in code)]
