"""The house's look: HTML pages, plots, colours.

- `har.page.html`: pages of Jinja templates in one style, with images inlined.
- `har.page.markdown`: words of others in Markdown.
- `har.page.sheet`: tables of them as CSV.
- `har.page.plots`: PNG bytes of a figure; its titles, legends and frames.
- `har.page.colours`: the palette.
"""
