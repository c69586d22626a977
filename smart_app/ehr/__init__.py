"""The only outbound FHIR: transport with a deadline, the parallel chart read, the write-back ladder."""
