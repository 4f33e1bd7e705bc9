"""``har app``: a page on which people look at recordings, at a phone's stream, at versions.

Streamlit runs `har.app.script.page` anew whenever somebody does something; what takes time
is cached by content. The rooms, from the top:

- `server` starts Streamlit with what this page needs; `options` is what it was started with.
- `page` is the whole page: the model (`model`), and a tab for each of the three below.
- `recording_tab`: a sample (`samples`) or files (`contents`), what was understood of them
  (`understanding`) and the form that corrects it (`correction`), then `analysis`, shown by
  `result`, drawn by `charts` from signals that `thinning` made short.
- `live_tab`: a phone's session in a running `har serve`.
- `registry_tab`: versions, the gate's decisions, who is live, history, comparison.
- `markup` makes HTML in which whatever came from a file or a registry is text.

>>> from har.app.options import AppOptions
>>> from har.app.server import serve
>>> serve(AppOptions(), host="127.0.0.1", port=8501)  # doctest: +SKIP
"""
