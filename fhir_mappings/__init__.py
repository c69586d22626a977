"""FHIR R4 JSON to and from the types of `ccm`: one module per resource, no I/O."""
