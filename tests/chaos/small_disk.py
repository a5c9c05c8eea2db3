"""The product's settings, with an SQLite file that may not grow beyond MAX_PAGES: a disk that is full."""

import os

from summarizer.settings import *  # noqa: F403
from summarizer.settings import DATABASES

DATABASES["default"]["OPTIONS"]["init_command"] += f"PRAGMA max_page_count={int(os.environ['MAX_PAGES'])};"
