"""What Rapport costs, as a ratio to a yardstick measured in the same run. Not part of the tests."""
