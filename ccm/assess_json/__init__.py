"""Care months and assessments as JSON: strict reading, one line out for each."""

from ccm.assess_json.fields import RefusedError
from ccm.assess_json.reader import read_care_month
from ccm.assess_json.stream import care_month_values
from ccm.assess_json.writer import assessment_json, assessment_object

__all__ = ["RefusedError", "assessment_json", "assessment_object", "care_month_values", "read_care_month"]
