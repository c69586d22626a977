"""Owns the people who sign in to the sandbox EHR, and the clinic that employs them, as FHIR resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
ORGANIZATION_ID = "larkspur-clinic"
ORGANIZATION_NAME = "Larkspur Family Medicine"
DEFAULT_USER = "nurse"


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account. `id` is the Practitioner's id; `role_code` is from NUCC or HL7's practitioner-role."""

    id: str
    given: str
    family: str
    title: str
    role: str
    role_system: str = "http://terminology.hl7.org/CodeSystem/practitioner-role"
    role_code: str = ""
    npi: str = ""

    @property
    def name(self) -> str:
        """The name as it stands on a badge."""
        return f"{self.given} {self.family}" + (f", {self.title}" if self.title else "")

    def practitioner(self) -> dict[str, Any]:
        """This person as a FHIR R4 Practitioner."""
        resource: dict[str, Any] = {
            "resourceType": "Practitioner",
            "id": self.id,
            "active": True,
            "identifier": [{"system": "urn:larkspur-ehr:user", "value": self.id}],
            "name": [{"use": "official", "text": self.name, "family": self.family, "given": [self.given]}],
            "telecom": [{"system": "email", "value": f"{self.id}@larkspur.example", "use": "work"}],
        }
        if self.npi:
            resource["identifier"].insert(0, {"use": "official", "system": NPI_SYSTEM, "value": self.npi})
        if self.title:
            resource["name"][0]["suffix"] = [self.title]
            resource["qualification"] = [{"code": {"text": self.title}}]
        return resource

    def practitioner_role(self) -> dict[str, Any]:
        """What this person does at the clinic, as a FHIR R4 PractitionerRole."""
        coding = [{"system": self.role_system, "code": self.role_code}] if self.role_code else []
        return {
            "resourceType": "PractitionerRole",
            "id": f"role-{self.id}",
            "active": True,
            "practitioner": {"reference": f"Practitioner/{self.id}", "display": self.name},
            "organization": {"reference": f"Organization/{ORGANIZATION_ID}", "display": ORGANIZATION_NAME},
            "code": [{"text": self.role, **({"coding": coding} if coding else {})}],
        }


# NPIs begin with 1 or 2; those with 2 are valid and were never issued.
USERS = (
    User("nurse", "Imani", "Okwuosa", "RN", "Care coordinator", role_code="nurse"),
    User("physician", "Henrik", "Solvang", "MD", "Physician", role_code="doctor", npi="2487652309"),
    User("biller", "Priya", "Raghunathan", "CPC", "Biller"),
    User("lead", "Consuelo", "Marchetti", "RN, MSN", "CCM programme lead"),
    User("admin", "Tobias", "Lindqvist", "", "System administrator", role_code="ict"),
)


def find_user(user_id: str) -> User | None:
    """The account of that Practitioner id, or None."""
    return next((user for user in USERS if user.id == user_id), None)


def user_of(practitioner: dict[str, Any]) -> User:
    """An account for a Practitioner of the loaded data, so that any clinician of a data set can sign in."""
    names = practitioner.get("name") or [{}]
    given = " ".join(names[0].get("given") or ())
    return User(practitioner["id"], given, names[0].get("family") or practitioner["id"], "", "Clinician")


def staff_resources() -> list[dict[str, Any]]:
    """The clinic, its people and what they do; references point within the list or to nothing outside it."""
    organization = {
        "resourceType": "Organization",
        "id": ORGANIZATION_ID,
        "active": True,
        "identifier": [{"system": NPI_SYSTEM, "value": "2902837469"}],
        "name": ORGANIZATION_NAME,
        "telecom": [{"system": "phone", "value": "+1-555-0100", "use": "work"}],
    }
    people = [user.practitioner() for user in USERS]
    return [organization, *people, *(user.practitioner_role() for user in USERS)]
