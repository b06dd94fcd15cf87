"""Pages that a person reads: one self-contained HTML file, written from what lies in a run folder."""

from organza.report.write import write_report

__all__ = ["write_report"]
