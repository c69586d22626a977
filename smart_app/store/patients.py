"""Owns what is remembered of a patient between launches: name, dates and contact, as the chart last gave them."""

from __future__ import annotations

import json
from dataclasses import asdict

from ccm.chart import ChartPatient
from smart_app.store.engine import UnitOfWork
from smart_app.store.tables import PatientRow


def keep_patient(session: UnitOfWork, practice_id: str, patient: ChartPatient, now: int) -> None:
    """Keeps the patient as the chart describes them now, in place of what was known."""
    sealed = session.vault.seal(json.dumps(asdict(patient)), tenant=practice_id, row=f"patient/{patient.id}")
    session.merge(PatientRow(practice_id=practice_id, patient_id=patient.id, sealed_patient=sealed, seen_at=now))


def find_patient(session: UnitOfWork, practice_id: str, patient_id: str) -> ChartPatient | None:
    """The patient as their chart last described them, or None where it was never opened here."""
    row = session.get(PatientRow, (practice_id, patient_id))
    if row is None:
        return None
    plain = session.vault.open(row.sealed_patient, tenant=practice_id, row=f"patient/{patient_id}")
    return ChartPatient(**json.loads(plain))
