from __future__ import annotations

from fhir_mappings.capability import Capabilities, read_capabilities

STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "Some EHR", "version": "9"},
    "rest": [
        {"mode": "client", "resource": [{"type": "Coverage", "interaction": [{"code": "create"}]}]},
        {
            "mode": "server",
            "interaction": [{"code": "transaction"}],
            "resource": [
                None,
                {"type": 3},
                {
                    "type": "Observation",
                    "interaction": [{"code": "create"}, {"code": "update"}, {}, None],
                    "searchParam": [{"name": "identifier"}, {"name": None}],
                    "conditionalCreate": True,
                    "updateCreate": "yes",
                    "versioning": "versioned-update",
                },
            ],
        },
    ],
}


def test_what_the_server_allows_is_read_per_resource_type() -> None:
    observation = read_capabilities(STATEMENT).of("Observation")
    assert observation.interactions == {"create", "update"}
    assert observation.search_params == {"identifier"}
    assert observation.conditional_create
    assert not observation.update_create
    assert observation.versioning == "versioned-update"


def test_the_system_and_its_software_are_read() -> None:
    read = read_capabilities(STATEMENT)
    assert read.system_interactions == {"transaction"}
    assert (read.software_name, read.software_version, read.fhir_version) == ("Some EHR", "9", "4.0.1")


def test_what_is_not_named_is_not_allowed() -> None:
    read = read_capabilities(STATEMENT)
    assert read.allows("Observation", "create")
    assert not read.allows("Observation", "delete")
    assert not read.allows("Encounter", "create")
    assert not read.allows("Coverage", "create")


def test_an_unreadable_statement_allows_nothing() -> None:
    assert read_capabilities("<html>") == Capabilities()
    assert read_capabilities({"rest": {"resource": "Observation"}}) == Capabilities()
