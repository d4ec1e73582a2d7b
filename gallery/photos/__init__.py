"""Photos in: find them, read them safely, and colour heatmaps over them.

A photo passes through `scan`, `reading`, `formats`, `metadata`, `pixels` and
`decode`; `pool` does that in killable `worker` processes. `thumbnails`,
`uploads` and `heatmap` serve what comes before and after.
"""
