"""Owns what a person sees of the EHR: the list of patients, the chart page with the app in it, and the launch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, abort, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox_ehr.authorization.ledger import Launch, Ledger
from sandbox_ehr.authorization.page import USER_COOKIE
from sandbox_ehr.charts import Charts, Resource, age, concept_text, display_name, mrn, open_encounter, started
from sandbox_ehr.config import SandboxConfig
from sandbox_ehr.people import People
from sandbox_ehr.users import DEFAULT_USER, USERS, User

CONDITIONS_SHOWN = 12
ENCOUNTERS_SHOWN = 6
NOT_CURRENT = ("resolved", "inactive", "remission")
STYLE = {
    "color_background": "#f7f5f0",
    "color_error": "#a3261b",
    "color_highlight": "#1f5f5b",
    "color_modal_backdrop": "",
    "color_success": "#2c6e49",
    "color_text": "#23302f",
    "dim_border_radius": "6px",
    "dim_font_size": "15px",
    "dim_spacing_size": "16px",
    "font_family_body": "Georgia, 'Times New Roman', serif",
    "font_family_heading": "Georgia, 'Times New Roman', serif",
}


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one sandbox."""

    config: SandboxConfig
    charts: Charts
    people: People
    ledger: Ledger

    def home(self) -> ResponseReturnValue:
        """All patients on one page."""
        rows = [_row(patient) for patient in self.charts.patients()]
        rows.sort(key=lambda row: row["sort"])
        user = self._signed_in()
        page = render_template("home.html", **self._frame(user), patients=rows, programme=self._programme(user))
        return self._keep_user(page, user)

    def chart(self, patient_id: str) -> ResponseReturnValue:
        """One patient's chart with the app in a frame."""
        patient = self._patient(patient_id)
        user = self._signed_in()
        encounters = sorted(self.charts.of_patient("Encounter", patient_id), key=started, reverse=True)
        page = render_template(
            "chart.html",
            **self._frame(user),
            patient=_row(patient),
            conditions=_conditions(self.charts.of_patient("Condition", patient_id)),
            encounters=[_visit(one) for one in encounters[:ENCOUNTERS_SHOWN]],
            framed=url_for("pages.launch", patient_id=patient_id, user=user.id, banner=0),
            window=url_for("pages.launch", patient_id=patient_id, user=user.id),
        )
        return self._keep_user(page, user)

    def launch(self, patient_id: str) -> ResponseReturnValue:
        """Opens the app for a patient (SMART EHR launch): a redirect with `iss` and a single-use `launch`.

        Parameters: `user`; `encounter` (an id, or empty for none; without it the visit that is going on);
        `banner=0` where the frame around the app names the patient already; `ask=1` for login and consent.
        """
        self._patient(patient_id)
        user = self.people.find(request.args.get("user", DEFAULT_USER))
        if user is None:
            abort(404, "There is no such user.")
        encounter = request.args.get("encounter")
        handle = self.ledger.open_launch(
            Launch(
                patient=patient_id,
                encounter=open_encounter(self.charts, patient_id) if encounter is None else encounter,
                user=user.id,
                ask=request.args.get("ask") == "1",
                need_patient_banner=request.args.get("banner") != "0",
                expires_at=self.ledger.clock() + self.config.launch_lifetime,
            )
        )
        query = urlencode({"iss": self.config.fhir_base, "launch": handle})
        joint = "&" if urlsplit(self.config.app_launch_url).query else "?"
        return redirect(f"{self.config.app_launch_url}{joint}{query}")

    def standalone(self) -> ResponseReturnValue:
        """Opens the app without a patient (SMART standalone launch), remembering who is signed in."""
        user = self._signed_in()
        query = urlencode({"iss": self.config.fhir_base})
        return self._keep_user(redirect(f"{self.config.app_login_url}?{query}"), user)

    def _programme(self, user: User) -> str:
        """The address of `standalone` under the sandbox's own host name, where authorize will find the cookie."""
        return f"{self.config.base_url}/standalone?{urlencode({'user': user.id})}" if self.config.app_login_url else ""

    def _patient(self, patient_id: str) -> Resource:
        patient = self.charts.read("Patient", patient_id)
        if patient is None:
            abort(404, "There is no such patient.")
        return patient

    def _signed_in(self) -> User:
        chosen = request.args.get("user") or request.cookies.get(USER_COOKIE, "")
        return self.people.user(chosen)

    def _frame(self, user: User) -> dict[str, Any]:
        return {"ehr": self.config.name, "user": user, "users": USERS}

    def _keep_user(self, page: ResponseReturnValue, user: User) -> ResponseReturnValue:
        """The page, and the signed-in user in a cookie for launches that begin in the app."""
        response = make_response(page)
        response.set_cookie(USER_COOKIE, user.id, httponly=True, samesite="Lax")
        return response


def pages_blueprint(pages: Pages) -> Blueprint:
    """The addresses of the pages."""
    blueprint = Blueprint("pages", __name__)
    blueprint.add_url_rule("/", "home", pages.home)
    blueprint.add_url_rule("/chart/<patient_id>", "chart", pages.chart)
    blueprint.add_url_rule("/launch/<patient_id>", "launch", pages.launch)
    blueprint.add_url_rule("/standalone", "standalone", pages.standalone)
    blueprint.add_url_rule("/smart-style.json", "style", lambda: jsonify(STYLE))

    @blueprint.app_errorhandler(404)
    def missing(error: Any) -> ResponseReturnValue:
        page = render_template("error.html", ehr=pages.config.name, error="Not found", detail=error.description)
        return page, 404

    return blueprint


def _row(patient: Resource) -> dict[str, str]:
    name = display_name(patient)
    deceased = patient.get("deceasedDateTime") or patient.get("deceasedBoolean")
    return {
        "id": str(patient["id"]),
        "name": name,
        "sort": name.casefold(),
        "birth_date": str(patient.get("birthDate", "")),
        "age": "" if deceased else age(patient),
        "gender": str(patient.get("gender", "")),
        "mrn": mrn(patient),
        "deceased": f"Deceased {deceased[:10]}" if isinstance(deceased, str) else "Deceased" if deceased else "",
        "inactive": "Inactive record" if patient.get("active") is False else "",
    }


def _conditions(conditions: list[Resource]) -> list[str]:
    current = [one for one in conditions if not set(_codes(one.get("clinicalStatus"))) & set(NOT_CURRENT)]
    current = [one for one in current if "entered-in-error" not in _codes(one.get("verificationStatus"))]
    texts = dict.fromkeys(text for one in current if (text := concept_text(one.get("code"))))
    return list(texts)[:CONDITIONS_SHOWN]


def _codes(concept: object) -> list[str]:
    codings = concept.get("coding") or () if isinstance(concept, dict) else ()
    return [str(coding.get("code")) for coding in codings if isinstance(coding, dict)]


def _visit(encounter: Resource) -> dict[str, str]:
    types = [concept_text(one) for one in encounter.get("type") or ()]
    kind = next((text for text in types if text), "") or concept_text({"coding": [encounter.get("class") or {}]})
    return {"date": started(encounter)[:10], "kind": kind or "Visit", "status": str(encounter.get("status", ""))}
