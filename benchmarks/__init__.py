"""Measures the product against its peers in the same run; each module is `python -m benchmarks.NAME`."""
