"""Wiring only: settings, the lake, what Dagster runs, the command line. No SQL, no measure, no rule."""
