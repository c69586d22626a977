"""Owns the texts that a new practice begins with: English throughout, and Spanish for what a patient hears.

The disclosures say what CMS MLN909188 wants a patient to be told before consenting.
"""

from __future__ import annotations

from typing import Final

from ccm.setup.scripts import Script

_ENGLISH: Final = {
    "enrolment_call": (
        "Hello, this is {clinic}. Am I speaking with {patient}? Before we go on, please tell me your full name "
        "and your date of birth. … I am calling about a service for people who live with two or more long-term "
        "conditions. It takes about five minutes to explain. Is this a good time?"
    ),
    "disclosure_availability": (
        "{clinic} offers Chronic Care Management: between your visits our team looks after your long-term "
        "conditions with you, and you can reach someone about urgent needs at any hour."
    ),
    "disclosure_cost_sharing": (
        "Medicare pays for it as for other services: your usual share of the cost may be due, also for a month "
        "without a visit."
    ),
    "disclosure_one_practitioner": (
        "Only one practitioner can be paid for it in a month. For you that would be your practitioner at {clinic}."
    ),
    "disclosure_right_to_stop": (
        "You may stop at any time. Tell us, and it ends with that month; your other care goes on as before."
    ),
    "consent_question": (
        "Do you have any questions? … With what I have told you, do you agree to take part? I will write down "
        "your answer, with today's date. You can always reach us at {callback}."
    ),
    "monthly_call": (
        "Hello, this is {clinic} with your monthly call. Am I speaking with {patient}? Please tell me your full "
        "name and your date of birth. … How have you been since we last spoke? Is anything new or worse? Let us "
        "go through your medicines, your goals, and what you need from us before the next call."
    ),
    "voicemail": (
        "Hello, this is {clinic}. Please call us back at {callback}. If you have an emergency, call 911. Thank you."
    ),
    "emergency": (
        "If you think it is an emergency, hang up and call 911 now. Do not wait for us to call back. For anything "
        "urgent that is not an emergency, reach us at {callback}."
    ),
}
_SPANISH: Final = {
    "enrolment_call": (
        "Hola, le llamamos de {clinic}. ¿Hablo con {patient}? Antes de seguir, dígame por favor su nombre "
        "completo y su fecha de nacimiento. … Le llamo por un servicio para personas que viven con dos o más "
        "enfermedades de larga duración. Explicarlo toma unos cinco minutos. ¿Es un buen momento?"
    ),
    "disclosure_availability": (
        "{clinic} ofrece el servicio llamado Chronic Care Management (manejo de enfermedades crónicas): entre sus "
        "consultas, nuestro equipo cuida con usted sus enfermedades de larga duración, y usted puede comunicarse "
        "con alguien a cualquier hora si tiene una necesidad urgente."
    ),
    "disclosure_cost_sharing": (
        "Medicare lo paga como otros servicios: es posible que usted deba pagar la parte del costo que le "
        "corresponde normalmente, también en un mes sin consulta."
    ),
    "disclosure_one_practitioner": (
        "Solo un profesional puede cobrar por este servicio en un mes. En su caso sería su profesional en {clinic}."
    ),
    "disclosure_right_to_stop": (
        "Usted puede dejarlo cuando quiera. Díganoslo y terminará al final de ese mes; el resto de su atención "
        "sigue igual."
    ),
    "consent_question": (
        "¿Tiene alguna pregunta? … Con lo que le he explicado, ¿acepta participar? Anotaré su respuesta con la "
        "fecha de hoy. Siempre puede llamarnos al {callback}."
    ),
    "monthly_call": (
        "Hola, le llamamos de {clinic} para su llamada del mes. ¿Hablo con {patient}? Dígame por favor su "
        "nombre completo y su fecha de nacimiento. … ¿Cómo ha estado desde que hablamos? ¿Hay algo nuevo o que "
        "haya empeorado? Repasemos sus medicinas, sus metas y lo que necesita de nosotros antes de la próxima "
        "llamada."
    ),
    "voicemail": (
        "Hola, le llamamos de {clinic}. Por favor, devuélvanos la llamada al {callback}. "
        "Si tiene una emergencia, llame al 911. Gracias."
    ),
    "emergency": (
        "Si cree que es una emergencia, cuelgue y llame ahora al 911. No espere a que le devolvamos la llamada. "
        "Para algo urgente que no sea una emergencia, llámenos al {callback}."
    ),
}
DEFAULT_SCRIPTS: Final = tuple(
    Script(kind, language, text)
    for language, texts in (("en", _ENGLISH), ("es", _SPANISH))
    for kind, text in texts.items()
)
