"""Owns the reading of a chart: everything at once, in one round trip's time, each part failing for itself.

Only the Patient must be readable; any other part that fails becomes a gap, which the panel says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ccm.chart import Chart, Gap, LaunchEncounter
from ccm.filed import FiledEntry
from fhir_mappings.care_plan import read_care_plans
from fhir_mappings.codes import CODE_SYSTEM, ENTRY_TIME, MONTH_TIME
from fhir_mappings.condition import read_problems
from fhir_mappings.encounter import read_encounters, read_launch_encounter
from fhir_mappings.entry import read_filed_entry
from fhir_mappings.observation import read_filed_time
from fhir_mappings.patient import read_patient
from fhir_mappings.practitioner import practitioner_name
from smart_app.ehr.client import FhirClient, SearchResult
from smart_app.ehr.errors import EhrError, EhrRefused
from smart_app.ehr.granted import Granted

# US Core's category, then those that Epic demands; needed only where a search without category is refused.
CARE_PLAN_CATEGORIES = ("assess-plan", "38717003", "734163000", "736271009", "736353004")
_PAGE = "200"


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """What to read: FHIR ids; `encounter_id` and `user` ("Practitioner/1") may be empty; `deadline` in seconds.

    `since` is the first day (ISO) of the visits and stays that are wanted.
    """

    patient_id: str
    encounter_id: str
    user: str
    granted: Granted
    since: str
    deadline: float


@dataclass(frozen=True, slots=True)
class ChartReading:
    """What one round brought: the chart, our own entries in it, and the name of the person asked for or ''."""

    chart: Chart
    entries: tuple[FiledEntry, ...]
    user_name: str


def read_chart(
    client: FhirClient, request: ChartRequest, alongside: Sequence[Callable[[], object]] = ()
) -> ChartReading:
    """Reads the chart in one parallel round; `alongside` runs in the same round, its failures being its own affair.

    Raises `EhrError` if the Patient cannot be read.
    """
    parts = _Parts(client, request)
    with ThreadPoolExecutor(max_workers=8 + len(alongside)) as pool:
        patient = pool.submit(client.read, f"Patient/{request.patient_id}", deadline=request.deadline)
        problems = pool.submit(parts.problems)
        care_plans = pool.submit(parts.care_plans)
        goals = pool.submit(parts.goals)
        filed = pool.submit(parts.filed_time)
        encounter = pool.submit(parts.encounter)
        encounters = pool.submit(parts.encounters)
        user_name = pool.submit(parts.user)
        for extra in alongside:
            pool.submit(extra)
    chart = _chart(patient.result(), problems.result(), care_plans.result(), goals.result(), filed.result())
    visits = encounters.result()
    chart = replace(
        chart,
        encounter=encounter.result(),
        encounters=read_encounters(visits.resources),
        gaps=(*chart.gaps, *visits.gaps),
        unread=tuple(sorted(parts.unread)),
    )
    own = (read_filed_entry(resource) for resource in (*filed.result().resources, *visits.resources))
    return ChartReading(chart, tuple(each for each in own if each), user_name.result())


def _chart(
    patient: dict[str, Any], problems: SearchResult, plans: SearchResult, goals: SearchResult, filed: SearchResult
) -> Chart:
    problem_rows, problem_gaps = read_problems(problems.resources)
    plan_rows, plan_gaps = read_care_plans(plans.resources, (*problems.resources, *goals.resources))
    return Chart(
        patient=read_patient(patient),
        problems=problem_rows,
        care_plans=plan_rows,
        filed=read_filed_time(filed.resources),
        gaps=(*problems.gaps, *problem_gaps, *plans.gaps, *goals.gaps, *plan_gaps, *filed.gaps),
    )


class _Parts:
    """The parts of a chart that may fail, each answering with a gap instead of an error."""

    def __init__(self, client: FhirClient, request: ChartRequest) -> None:
        self._client = client
        self._request = request
        self.unread: list[str] = []

    def problems(self) -> SearchResult:
        return self._search("Condition", "Conditions")

    def care_plans(self) -> SearchResult:
        try:
            return self._unguarded("CarePlan", "Care plans")
        except EhrRefused as refused:
            if refused.status != 400:
                return self._missing("Care plans", refused)
            return self._search("CarePlan", "Care plans", category=",".join(CARE_PLAN_CATEGORIES))
        except EhrError as error:
            return self._missing("Care plans", error)

    def goals(self) -> SearchResult:
        if not self._request.granted.can("s", "Goal"):
            return SearchResult(())  # the plans then say which of their goals lead to no words
        return self._search("Goal", "Goals")

    def filed_time(self) -> SearchResult:
        codes = ",".join(f"{CODE_SYSTEM}|{code}" for code in (ENTRY_TIME, MONTH_TIME))
        return self._search("Observation", "Time filed earlier", code=codes, date=f"ge{self._request.since}")

    def encounter(self) -> LaunchEncounter | None:
        if not self._request.encounter_id or not self._request.granted.can("r", "Encounter"):
            return None
        return read_launch_encounter(self._read_or_none(f"Encounter/{self._request.encounter_id}"))

    def encounters(self) -> SearchResult:
        if not self._request.granted.can("s", "Encounter"):
            return SearchResult((), (Gap("Visits and stays", "the EHR did not grant us reading them"),))
        return self._search("Encounter", "Visits and stays", date=f"ge{self._request.since}")

    def user(self) -> str:
        if not self._request.user.startswith("Practitioner/") or not self._request.granted.can("r", "Practitioner"):
            return ""
        return practitioner_name(self._read_or_none(self._request.user))

    def _read_or_none(self, path: str) -> dict[str, Any] | None:
        try:
            return self._client.read(path, deadline=self._request.deadline)
        except EhrError:
            return None

    def _search(self, resource_type: str, part: str, **parameters: str) -> SearchResult:
        try:
            return self._unguarded(resource_type, part, **parameters)
        except EhrError as error:
            return self._missing(part, error)

    def _unguarded(self, resource_type: str, part: str, **parameters: str) -> SearchResult:
        query = {"patient": self._request.patient_id, **parameters, "_count": _PAGE}
        return self._client.search(resource_type, query, part=part, deadline=self._request.deadline)

    def _missing(self, part: str, error: EhrError) -> SearchResult:
        self.unread.append(part)
        return SearchResult((), (Gap(part, f"could not be read: {error}"),))
