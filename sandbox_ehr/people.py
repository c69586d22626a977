"""Owns who may sign in: the sandbox's five accounts and any Practitioner of the loaded data."""

from __future__ import annotations

from sandbox_ehr.charts import Charts
from sandbox_ehr.users import DEFAULT_USER, USERS, User, find_user, user_of


class People:
    """The accounts of one sandbox."""

    def __init__(self, charts: Charts) -> None:
        self._charts = charts

    def find(self, user_id: str) -> User | None:
        """The account of that Practitioner id, or None."""
        account = find_user(user_id)
        if account is None and user_id:
            practitioner = self._charts.read("Practitioner", user_id)
            account = user_of(practitioner) if practitioner else None
        return account

    def user(self, user_id: str) -> User:
        """The account of that id, or the nurse's."""
        return self.find(user_id) or self.find(DEFAULT_USER) or USERS[0]
