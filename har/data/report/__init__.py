"""What an ingested data set is: a page for people, facts and a data card for programs.

One pass reads the recordings, one at a time: `facts` counts, `signals` chooses what is
drawn and sums spectra. `plots` draws, `page` writes ``report.html`` and ``report.json``,
`croissant` writes ``croissant.json``, the data card.
"""

from har.data.report.page import write_report

__all__ = ["write_report"]
