"""The hot paths against raw PostgreSQL in the same run, as ratios: `make bench`, `BENCH=full make bench`."""
