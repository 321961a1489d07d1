"""What flows: raw → core → measures → release, one folder a layer, one .sql file a table.

No wiring (that is `pipelines`), no rule about what may leave or what is good data (that is `expectations`).
"""
