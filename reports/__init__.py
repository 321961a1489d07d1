"""What people read: made from releases, and from nothing else.

Reads release folders only. Anything that needs the lake, a source table or an unreleased figure does not
belong here.
"""
