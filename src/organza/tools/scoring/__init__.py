"""How good samples are, as numbers: which scores their data allow, what each means, and a memory for them."""

from organza.tools.scoring.evaluation import FAKES, score, score_samples
from organza.tools.scoring.fakes import Fakes, fakes_of_model, fakes_of_source
from organza.tools.scoring.one_picture import SAMPLES, learnt_one_picture, score_one_picture
from organza.tools.scoring.reference import FEATURES_OF, Reference, open_reference, other_part
from organza.tools.scoring.remembered import score_run
from organza.tools.scoring.scores import Scores, why_not_beside
from organza.tools.scoring.table import METRICS, Metric

__all__ = [
    "FAKES",
    "FEATURES_OF",
    "METRICS",
    "SAMPLES",
    "Fakes",
    "Metric",
    "Reference",
    "Scores",
    "fakes_of_model",
    "fakes_of_source",
    "learnt_one_picture",
    "open_reference",
    "other_part",
    "score",
    "score_one_picture",
    "score_run",
    "score_samples",
    "why_not_beside",
]
