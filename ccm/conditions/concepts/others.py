"""Owns the SNOMED CT concepts that are not proposed: the doubtful ones, with what is to be cleared, and the rest.

Charts often show these without SNOMED CT's semantic tag, so that the id alone must tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Doubt(NamedTuple):
    """Why a clinician must look, in words that follow "needs review: ", and the code it might get ('' if none)."""

    reason: str
    icd10: str = ""


# A body mass index is coded only beside a clinician's own diagnosis (ICD-10-CM guidelines, section I.B.14).
DOUBTS: Final[Mapping[str, Doubt]] = MappingProxyType(
    {
        "162864005": Doubt("a body mass index; obesity must be diagnosed by a clinician", "E66.9"),
        "408512008": Doubt("a body mass index; severe obesity must be diagnosed by a clinician", "E66.01"),
        "82423001": Doubt("chronic pain is a finding; its cause or a pain syndrome must be named", "G89.29"),
        "278860009": Doubt("chronic low back pain is a finding; its cause or a pain syndrome must be named", "G89.29"),
        "134407002": Doubt("chronic back pain is a finding; its cause or a pain syndrome must be named", "G89.29"),
        "230690007": Doubt("a stroke is acute; what lasts is coded as its sequelae (I69)"),
        "22298006": Doubt("a myocardial infarction is acute for four weeks, then old", "I25.2"),
        "29753000": Doubt("a seizure alone is not epilepsy", "G40.109"),
        "127295002": Doubt("a brain injury is acute; what lasts is coded as its sequelae"),
        "126906006": Doubt("a neoplasm not said to be malignant"),
        "51868009": Doubt("an ulcer not said to be chronic", "K26.7"),
        "713197008": Doubt("a polyp that recurs", "K62.1"),
    }
)

_ACUTE = """
    10509002 14669001 16114001 19169002 195662009 233604007 241929008 262574004 263102004 283371005 283385000 284549007
    284551006 30832001 301011002 307731004 33737001 35999006 359817006 36971009 370247008 38822007 39065001 39848009
    403190006 403191005 403192003 410429000 43878008 444448004 444470001 444814009 44465007 45816000 47693006 54150009
    55680006 58150001 6142004 62106007 62564004 65363002 65710008 65966004 67782005 68566005 70704007 74400008 75498004
    76571007 79586000 82272006 840539006 86849004 91302008 110030002 132281000119108 1734006 17369002 34801009 4557003
    401314000 706870000
"""
_FINDINGS = """
    103001002 105531004 11833005 15777000 160903007 160904001 160968000 16331000 16932000 18165001
    22253000 224295006 224299000 238131007 247824007 248595008 25064002 266934004 266948004 267036007 267102003
    271594007 271825005 29857009 300635000 32911000 361055000 36955009 366979004 386661006 389087006 40739000 415510005
    422400008 422587007 422650009 423315002 424393004 43724002 445281000124101 449868002 48694002 49727002 5251000175109
    56018004 57676002 62315008 64531003 66857006 68962001 706893006 713458007 73438004 73595000 80313002 84229001
"""
_PREGNANCY = "72892002 398254007 198992004 156073000 442311008 48194001 14094001"
_NOT_LASTING = "68496003 80394007"
_PAST = "428251008 429007001 703151001 399211009 162573006 314529007"

NOT_CHRONIC: Final[Mapping[str, str]] = MappingProxyType(
    {
        concept: reason
        for concepts, reason in (
            (_ACUTE, "an acute problem"),
            (_NOT_LASTING, "not a chronic condition by itself"),
            (_FINDINGS, "a finding, not a condition"),
            (_PREGNANCY, "of pregnancy or birth, not a chronic condition"),
            (_PAST, "a situation, not a present condition"),
        )
        for concept in concepts.split()
    }
)
"""Concept id to the reason, in plain words, why it is not proposed."""
