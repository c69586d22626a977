"""A small FHIR R4 server in memory: store, search, writes, Bundles, SMART scopes and vendor profiles."""

from sandbox_ehr.fhir.blueprint import fhir_blueprint
from sandbox_ehr.fhir.loading import load_path
from sandbox_ehr.fhir.profiles import PROFILES
from sandbox_ehr.fhir.store import Store

__all__ = ["PROFILES", "Store", "fhir_blueprint", "load_path"]
