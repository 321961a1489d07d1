"""A release: what is derived from published rows, how it is written down, and the step in which it comes to be.

The ledger and the folders are here; whose turn it is, and what manifest and report say, belong to `pipelines`.
Nothing here sees an atom before it is decided, a contributor or the lake.
"""
