"""The monthly report: one self-contained HTML page made from a release and the releases before it.

`release` reads, `figures` puts the figures of all months beside each other, `charts` makes Plotly specs of
them, `words` says them, `page` arranges everything for the templates. Figures are shown as they were
released: nothing is computed here that could tell more than a release does.
"""
