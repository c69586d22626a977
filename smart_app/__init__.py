"""The Flask application: a clinician's panel on one chart, its ledger, and its way back into the chart."""
