"""A small EHR for demonstration and tests: patients, SMART authorization server, FHIR R4 store, faults."""
