"""Pages that a person reads: one self-contained HTML file, written from what lies in a folder of a run or a comparison."""

from organza.report.comparison_page import write_comparison
from organza.report.pictures_page import Work, write_pictures
from organza.report.write import write_report

__all__ = ["Work", "write_comparison", "write_pictures", "write_report"]
