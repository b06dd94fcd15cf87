"""What a trained model is for."""

from organza.tools.cells import Cell, CellResult, default_jobs, run_cells, threads_of_each, train_cells
from organza.tools.comparison import Comparison, Wanted, compare_runs
from organza.tools.embeddings import write_features
from organza.tools.fitness import Fitness, fitness_of
from organza.tools.live import LiveScorer, live_scorer
from organza.tools.reproduce import Place, run_study
from organza.tools.sample import write_samples
from organza.tools.scoring import (
    FAKES,
    METRICS,
    SAMPLES,
    Fakes,
    Metric,
    Reference,
    Scores,
    fakes_of_model,
    fakes_of_source,
    learnt_one_picture,
    open_reference,
    other_part,
    score,
    score_one_picture,
    score_samples,
)
from organza.tools.scoring.listing import listing
from organza.tools.study import Scale, Study, find_study, study_names
from organza.tools.sweep import Question, Sweep, make_cells, train_all

__all__ = [
    "FAKES",
    "METRICS",
    "SAMPLES",
    "Cell",
    "CellResult",
    "Comparison",
    "Fakes",
    "Fitness",
    "LiveScorer",
    "Metric",
    "Place",
    "Question",
    "Reference",
    "Scale",
    "Scores",
    "Study",
    "Sweep",
    "Wanted",
    "compare_runs",
    "default_jobs",
    "fakes_of_model",
    "fakes_of_source",
    "find_study",
    "fitness_of",
    "learnt_one_picture",
    "listing",
    "live_scorer",
    "make_cells",
    "open_reference",
    "other_part",
    "run_cells",
    "run_study",
    "score",
    "score_one_picture",
    "score_samples",
    "study_names",
    "threads_of_each",
    "train_all",
    "train_cells",
    "write_features",
    "write_samples",
]
