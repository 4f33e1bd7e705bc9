"""The script that Streamlit runs: the whole page, once for each thing that somebody does."""

import sys

from har.app.options import AppOptions
from har.app.page import show_page

if __name__ == "__main__":
    show_page(AppOptions.from_json(sys.argv[1]))
