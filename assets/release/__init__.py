"""The tables of a release: what is derived from published unit rows, and how it is written down.

Nothing here sees an atom, a contributor or the lake. Folder, manifest and the move into place belong to
`pipelines`.
"""
