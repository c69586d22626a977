"""A patient's follow-ups: tasks with an owner, a backup and a due date."""

from ccm.follow_ups.record import (
    WHO_MAY,
    Cancelled,
    Done,
    FollowUp,
    FollowUpEvent,
    FollowUpOpened,
    Postponed,
    Reassigned,
    append,
    event_from_dict,
    event_to_dict,
    follow_ups,
    kind_of,
    open_follow_ups,
    overdue,
)

__all__ = [
    "WHO_MAY",
    "Cancelled",
    "Done",
    "FollowUp",
    "FollowUpEvent",
    "FollowUpOpened",
    "Postponed",
    "Reassigned",
    "append",
    "event_from_dict",
    "event_to_dict",
    "follow_ups",
    "kind_of",
    "open_follow_ups",
    "overdue",
]
