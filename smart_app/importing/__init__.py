"""The import of candidates: many charts at once, from a folder of NDJSON or from an EHR's bulk export."""
