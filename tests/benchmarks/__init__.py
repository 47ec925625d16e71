"""What speed and memory cost, measured against bounds: `python -m tests.benchmarks`, or `make bench`."""
