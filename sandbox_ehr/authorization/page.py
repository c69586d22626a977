"""Owns /auth/authorize: approves at once, or asks who signs in, for which patient, and for which scopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from sandbox_ehr.authorization import scopes
from sandbox_ehr.authorization.grants import PEOPLE, Approval
from sandbox_ehr.authorization.ledger import Launch
from sandbox_ehr.authorization.server import SmartServer
from sandbox_ehr.charts import Charts, display_name, mrn, open_encounter
from sandbox_ehr.people import People
from sandbox_ehr.users import DEFAULT_USER, USERS

USER_COOKIE = "sandbox_user"
INTERACTIVE_PROMPTS = ("login", "consent", "select_account")


@dataclass(frozen=True, slots=True)
class Question:
    """What one authorization request still has to learn from the person in front of it."""

    launch: Launch | None
    granted: tuple[str, ...]
    user: str
    patient: str
    ask: bool

    @property
    def pick_patient(self) -> bool:
        """Whether a patient has to be chosen."""
        return not self.patient and scopes.needs_patient(self.granted)


class AuthorizePage:
    """Answers authorization requests.

    Beside SMART's parameters a request may carry `patient` (chosen without asking, standalone only), `login_hint`
    (the user's Practitioner id) and `ask=1`. The consent form posts to the same address with `decision`.
    """

    def __init__(self, server: SmartServer, charts: Charts, people: People) -> None:
        self._server = server
        self._charts = charts
        self._people = people

    def answer(self) -> ResponseReturnValue:
        """The redirect back to the client, the page that asks, or (client or redirect_uri unknown) a 400 page."""
        try:
            grant = self._server.get_consent_grant(end_user=DEFAULT_USER)
            response = self._decide(grant, self._question(grant))
        except OAuth2Error as error:
            response = self._refuse(error)
        except (ValueError, TypeError):
            response = self._refuse(InvalidRequestError("The request cannot be read."))
        if response.location:  # RFC 9207: errors carry it as well
            response.location = add_params_to_uri(response.location, [("iss", self._server.config.fhir_base)])
        return response

    def _question(self, grant: Any) -> Question:
        data = request.values
        launch = self._server.ledger.launch(data.get("launch", ""))
        hinted = (
            request.form.get("user"),
            launch.user if launch else None,
            data.get("login_hint"),
            request.cookies.get(USER_COOKIE),
        )
        named = request.form.get("patient") or data.get("patient", "")
        if named and not launch and self._charts.read("Patient", named) is None:
            raise InvalidRequestError("There is no such patient.", redirect_uri=grant.redirect_uri, state=data["state"])
        return Question(
            launch=launch,
            granted=self._server.grantable(grant.client, grant.request.payload.scope, PEOPLE),
            user=next((one for one in hinted if one and self._people.find(one)), DEFAULT_USER),
            patient=launch.patient if launch else named,
            ask=bool(launch and launch.ask) or data.get("ask") == "1" or grant.prompt in INTERACTIVE_PROMPTS,
        )

    def _decide(self, grant: Any, question: Question) -> Response:
        decision = request.form.get("decision", "")
        if decision == "refuse":
            return self._respond(grant, None)
        if question.pick_patient or (question.ask and decision != "allow"):
            if request.values.get("prompt") == "none":
                raise OAuth2Error(
                    "A person has to answer.",
                    error="interaction_required",
                    redirect_uri=grant.redirect_uri,
                    state=request.values["state"],
                )
            return self._ask(grant, question)
        approval = self._approval(question)
        return self._respond(grant, approval if approval.scopes else None)

    def _approval(self, question: Question) -> Approval:
        granted = question.granted
        if request.form.get("scopes_shown"):
            granted = tuple(scope for scope in granted if scope in request.form.getlist("granted_scope"))
        in_context = {"launch", "launch/encounter"} & set(granted)
        if question.launch:
            encounter = question.launch.encounter
        else:
            encounter = open_encounter(self._charts, question.patient) if question.patient else ""
        banner = question.launch.need_patient_banner if question.launch else True
        return Approval(
            user=question.user,
            scopes=granted,
            patient=question.patient if "launch" in granted or scopes.needs_patient(granted) else "",
            encounter=encounter if in_context else "",
            need_patient_banner=banner,
        )

    def _respond(self, grant: Any, approval: Approval | None) -> Response:
        response: Response = self._server.create_authorization_response(
            request=grant.request, grant_user=approval, grant=grant
        )
        return response

    def _ask(self, grant: Any, question: Question) -> Response:
        patients = self._charts.patients() if question.pick_patient else []
        choices = sorted((display_name(one), one["id"], one.get("birthDate", ""), mrn(one)) for one in patients)
        chosen = self._charts.read("Patient", question.patient) if question.patient else None
        page = render_template(
            "authorize.html",
            ehr=self._server.config.name,
            client=grant.client.config.name or grant.client.client_id,
            users=USERS,
            user=self._people.user(question.user),
            ask=question.ask,
            patients=choices,
            patient=display_name(chosen) if chosen else "",
            scopes=[(scope, scopes.reason(scope)) for scope in question.granted] if question.ask else [],
        )
        return make_response(page)

    def _refuse(self, error: OAuth2Error) -> Response:
        if error.redirect_uri:
            response: Response = self._server.handle_error_response(None, error)
            return response
        page = render_template(
            "error.html",
            ehr=self._server.config.name,
            error=error.error,
            detail=error.get_error_description(),
        )
        return make_response(page, 400)


def authorize_blueprint(page: AuthorizePage) -> Blueprint:
    """The one address of the page; POST serves the consent form and SMART's authorize-post."""
    blueprint = Blueprint("authorize", __name__)
    blueprint.add_url_rule("/auth/authorize", "authorize", page.answer, methods=["GET", "POST"])
    return blueprint
