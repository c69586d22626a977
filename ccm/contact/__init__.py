"""How a patient wants to be reached, and who else may be told what."""

from ccm.contact.record import (
    BEST_TIMES,
    MAY_BE_TOLD,
    BestTimeRecorded,
    ContactEvent,
    ContactPermitted,
    DoNotCallLifted,
    DoNotCallSet,
    LanguageRecorded,
    PermissionEnded,
    Preferences,
    TelephoneRecorded,
    append,
    event_from_dict,
    event_to_dict,
    kind_of,
    permitted,
    preferences,
)
from ccm.contact.telephone import wrong_telephone

__all__ = [
    "BEST_TIMES",
    "MAY_BE_TOLD",
    "BestTimeRecorded",
    "ContactEvent",
    "ContactPermitted",
    "DoNotCallLifted",
    "DoNotCallSet",
    "LanguageRecorded",
    "PermissionEnded",
    "Preferences",
    "TelephoneRecorded",
    "append",
    "event_from_dict",
    "event_to_dict",
    "kind_of",
    "permitted",
    "preferences",
    "wrong_telephone",
]
