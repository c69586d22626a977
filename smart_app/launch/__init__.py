"""SMART App Launch 2.2 as a client: discovery, grant, identity, launch sessions."""
