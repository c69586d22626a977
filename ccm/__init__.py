"""The rules of the Chronic Care Management programme, as frozen data and pure functions.

Nothing here reads the clock, the environment, a file or the network: time, zone and tables come in as arguments.
"""
