"""Things to try Rapport on: a synthetic platform, and configurations for real exports. Never in the wheel."""
