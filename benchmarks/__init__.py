"""Benchmarks of autoft: `python -m benchmarks.NAME [--quick] [--only A,B] [--json FILE]` (see README.md)."""
