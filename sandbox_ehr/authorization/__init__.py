"""The SMART App Launch 2.2 authorization server: launches, codes, tokens, keys, clients and the consent page."""
