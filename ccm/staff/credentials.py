"""Owns which credentials make somebody a practitioner or clinical staff.

A practitioner who may bill CCM is MD, DO, NP, PA, CNS or CNM (CMS MLN909188). "Clinical staff" is CPT's: a person who
works under a practitioner's supervision and is allowed by law, regulation and facility policy to perform the service.
That differs by state and practice, so a row of the register may say otherwise than this table.
"""

from __future__ import annotations

import re
from typing import Final

# NP's titles by state and board; APRN stands for NP, CNS and CNM. Degrees (DNP, MSN, MBBS) are no licence to practise.
_PRACTITIONER_TITLES: Final = (
    "MD DO NP APRN ARNP CRNP APNP FNP FNPBC FNPC NPC ANP ANPBC AGNP AGPCNP AGACNP PNP PMHNP PMHNPBC WHNP GNP "
    "PA PAC RPAC CNS ACNS GCNS PCNS CNM"
)
_STAFF_TITLES: Final = (
    "RN LPN LVN MA CMA RMA CCMA NCMA PHARMD RPH LCSW LMSW LICSW MSW LSW CSW LPC LMHC LMFT RD RDN LDN CDCES RRT CRT RT "
    "PT DPT PTA OT OTR COTA SLP EMT PARAMEDIC CNA CHW CRNA"
)
_PRACTITIONER: Final = frozenset(_PRACTITIONER_TITLES.split())
_CLINICAL_STAFF: Final = frozenset(_STAFF_TITLES.split())
_SPELT_OUT: Final = {
    "registered nurse": "RN",
    "licensed practical nurse": "LPN",
    "licensed vocational nurse": "LVN",
    "medical assistant": "MA",
    "certified medical assistant": "CMA",
    "nurse practitioner": "NP",
    "physician assistant": "PA",
    "physician associate": "PA",
    "clinical nurse specialist": "CNS",
    "certified nurse midwife": "CNM",
    "certified nurse-midwife": "CNM",
    "physician": "MD",
    "doctor of medicine": "MD",
    "doctor of osteopathic medicine": "DO",
    "pharmacist": "RPH",
    "dietitian": "RD",
    "social worker": "LSW",
    "community health worker": "CHW",
}
_apart = re.compile(r"[,;/&\s]+").split
_marks = re.compile(r"[.\-()]")


def is_practitioner(credential: str) -> bool:
    """Whether one of the credentials ("M.D.", "RN, FNP-C", "nurse practitioner") lets its holder bill CCM."""
    return not _PRACTITIONER.isdisjoint(_titles(credential))


def is_clinical_staff(credential: str) -> bool:
    """Whether one of the credentials is in the table of clinical staff."""
    return not _CLINICAL_STAFF.isdisjoint(_titles(credential))


def is_licensed(credential: str) -> bool:
    """Whether the credential comes with a state licence, so that its number belongs in the register."""
    return is_practitioner(credential) or not _titles(credential).isdisjoint(
        {"RN", "LPN", "LVN", "PHARMD", "RPH", "LCSW"}
    )


def _titles(credential: str) -> set[str]:
    spelt_out = _SPELT_OUT.get(" ".join(credential.casefold().split()))
    if spelt_out:
        return {spelt_out}
    return {_marks.sub("", title).upper() for title in _apart(credential)}
