"""What a trained model is for."""

from organza.tools.cells import Cell, CellResult, default_jobs, run_cells, threads_of_each, train_cells
from organza.tools.comparison import Comparison, Wanted, compare_runs
from organza.tools.reproduce import Place, run_study
from organza.tools.sample import write_samples
from organza.tools.scoring import FAKES, METRICS, Metric, Scores, score
from organza.tools.study import Scale, Study, find_study, study_names
from organza.tools.sweep import Question, Sweep, make_cells, train_all

__all__ = [
    "FAKES",
    "METRICS",
    "Cell",
    "CellResult",
    "Comparison",
    "Metric",
    "Place",
    "Question",
    "Scale",
    "Scores",
    "Study",
    "Sweep",
    "Wanted",
    "compare_runs",
    "default_jobs",
    "find_study",
    "make_cells",
    "run_cells",
    "run_study",
    "score",
    "study_names",
    "threads_of_each",
    "train_all",
    "train_cells",
    "write_samples",
]
