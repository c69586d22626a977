"""A patient's programme: what was recorded of enrolment, conditions, care plan and facts, and how more is added."""
