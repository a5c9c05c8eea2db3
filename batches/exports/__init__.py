"""A batch, or a selection of summaries, as files. Each format is one file in this package and one line in `FORMATS`."""

from batches.exports.base import FORMATS, Format, export, export_selection
from batches.exports.selection import Selection

__all__ = ["FORMATS", "Format", "Selection", "export", "export_selection"]
