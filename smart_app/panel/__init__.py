"""The patient panel: thin views over services."""
