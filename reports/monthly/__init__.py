"""The monthly report: one self-contained HTML page made from a release and the releases before it.

`release` reads, `figures` puts the figures of all months beside each other, `blocks` says what is shown of each
measure, `charts` makes Plotly specs, `words` the wording, `embedding` what the page carries with it, and `page`
puts it all together through the templates. Figures are shown as they were released: nothing is computed here
that could tell more than a release does.
"""
