"""Owns the reading of CarePlans, with the Goals and Conditions that they refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ccm.chart import CarePlan, Gap
from fhir_mappings.text import narrative_text, quantified, shortened
from fhir_mappings.tolerant import Json, codings, concept_text, line, mapping, mappings, reference_key

PART = "Care plans"
TEXT_LIMIT = 500
ROWS_LIMIT = 200
_TITLE_LIMIT = 120
_TITLE_PARTS = 3
_GENERIC_CATEGORIES = frozenset({"assess-plan", "734163000", "38717003"})  # US Core's and Epic's for any care plan


def read_care_plans(
    resources: Iterable[object], related: Iterable[object] = ()
) -> tuple[tuple[CarePlan, ...], tuple[Gap, ...]]:
    """Read CarePlans in the order given; never raises.

    `related` are resources that the plans may refer to (Goals, Conditions, requests); those among `resources` and
    contained ones are found as well. Not taken, by rule: plans entered in error, resources of other types.
    Gaps: what is no resource, references of goals and activities that lead to no words, and what is past
    `ROWS_LIMIT` goals or activities of one plan. Texts are cut at `TEXT_LIMIT` characters.
    """
    given = list(resources)
    known = _by_key([*related, *given])
    plans: list[CarePlan] = []
    unreadable = untold = 0
    too_long = False
    for resource in given:
        plan = mapping(resource)
        if not isinstance(plan.get("resourceType"), str):
            unreadable += 1
        elif plan["resourceType"] == "CarePlan" and line(plan.get("status")) != "entered-in-error":
            reader = _Reader(plan, known)
            plans.append(reader.read())
            untold += reader.untold
            too_long |= reader.too_long
    return tuple(plans), _gaps(unreadable, untold, too_long)


class _Reader:
    """Reads one plan and counts what of it leads to no words."""

    def __init__(self, plan: Json, known: Mapping[str, Json]) -> None:
        contained = {f"#{line(each.get('id'))}": each for each in mappings(plan.get("contained"))}
        self._plan = plan
        self._known = {**known, **contained} if contained else known
        self.untold = 0
        self.too_long = False

    def read(self) -> CarePlan:
        plan = self._plan
        period = mapping(plan.get("period"))
        named = self._texts("addresses", self._words)
        goals = self._texts("goal", self._goal)
        activities = self._texts("activity", self._activity)
        title = _title(plan, named, activities)
        if not (title or goals):
            activities = tuple(filter(None, [narrative_text(_div(plan), TEXT_LIMIT)]))
        return CarePlan(
            id=line(plan.get("id")),
            title=title or "Care plan",
            status=line(plan.get("status")),
            intent=line(plan.get("intent")),
            categories=tuple(coding.code for each in mappings(plan.get("category")) for coding in codings(each)),
            period_start=line(period.get("start")),
            period_end=line(period.get("end")),
            last_updated=line(mapping(plan.get("meta")).get("lastUpdated")) or line(plan.get("created")),
            addresses=self._texts("addresses", lambda each: self._words(each) or reference_key(each)),
            goals=goals,
            activities=activities,
        )

    def _texts(self, element: str, say: Callable[[Json], str | None]) -> tuple[str, ...]:
        """The different texts that `say` finds; it answers None for what is left out by rule, '' for a gap."""
        rows = mappings(self._plan.get(element))
        self.too_long |= len(rows) > ROWS_LIMIT
        said = [say(row) for row in rows[:ROWS_LIMIT]]
        if element != "addresses":  # those fall back on the reference itself, so nothing of them is lost
            self.untold += said.count("")
        return tuple(dict.fromkeys(shortened(text, TEXT_LIMIT) for text in said if text))

    def _goal(self, reference: Json) -> str | None:
        goal = self._known.get(reference_key(reference), {})
        if line(goal.get("lifecycleStatus")) == "entered-in-error":
            return None
        return concept_text(goal.get("description")) or line(reference.get("display"))

    def _activity(self, activity: Json) -> str | None:
        detail = mapping(activity.get("detail"))
        if line(detail.get("status")) == "entered-in-error":
            return None
        what, how = concept_text(detail.get("code")), line(detail.get("description"))
        if what.casefold() == how.casefold():
            how = ""
        return ": ".join(filter(None, (what, how))) or self._words(mapping(activity.get("reference")))

    def _words(self, reference: Json) -> str:
        target = self._known.get(reference_key(reference), {})
        candidates = (target.get(key) for key in ("code", "medicationCodeableConcept", "description", "title"))
        return line(reference.get("display")) or next(filter(None, map(concept_text, candidates)), "")


def _title(plan: Json, addresses: tuple[str, ...], activities: tuple[str, ...]) -> str:
    """The plan's title, else one built from what it says of itself; '' where it says nothing but its narrative.

    In this order: a category that tells more than "care plan", what the plan addresses, its first activities, its
    description, any category.
    """
    categories = [(concept_text(each), codings(each)) for each in mappings(plan.get("category"))]
    telling = [text for text, coded in categories if text and _GENERIC_CATEGORIES.isdisjoint(c.code for c in coded)]
    built = (
        line(plan.get("title")),
        next(iter(telling), ""),
        f"Care plan for {', '.join(addresses[:_TITLE_PARTS])}" if addresses else "",
        f"Care plan: {', '.join(activities[:_TITLE_PARTS])}" if activities else "",
        line(plan.get("description")),
        next((text for text, _ in categories if text not in _GENERIC_CATEGORIES), ""),
    )
    return shortened(next(filter(None, built), ""), _TITLE_LIMIT)


def _div(plan: Json) -> str:
    div = mapping(plan.get("text")).get("div")
    return div if isinstance(div, str) else ""


def _by_key(resources: Iterable[object]) -> dict[str, Json]:
    found = (mapping(resource) for resource in resources)
    return {f"{line(each.get('resourceType'))}/{line(each.get('id'))}": each for each in found if line(each.get("id"))}


def _gaps(unreadable: int, untold: int, too_long: bool) -> tuple[Gap, ...]:
    gaps = []
    if unreadable:
        gaps.append(Gap(PART, quantified(unreadable, "row", "rows", "unreadable")))
    if untold:
        gaps.append(Gap(PART, quantified(untold, "goal or activity", "goals or activities", "named without words")))
    if too_long:
        gaps.append(Gap(PART, f"only the first {ROWS_LIMIT} goals and activities of a plan are shown"))
    return tuple(gaps)
