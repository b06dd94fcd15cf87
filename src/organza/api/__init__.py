"""The functions that users call, from Python as from the command line. Each verb is the function of the same name."""

from organza.api.blurring import data_blur
from organza.api.comparing import compare, reproduce, sweep
from organza.api.diagnosing import diagnose
from organza.api.editing import directions, edit, pathlength, project, separability
from organza.api.importing import import_model
from organza.api.latent import interpolate, mix, noise
from organza.api.looking import check, cp, names, show
from organza.api.measuring import data_features, evaluate
from organza.api.models import load, sample, save_images, verify
from organza.api.picturing import deblur, enlarge, translate
from organza.api.stylising import stylize
from organza.api.training import Run, prepare, train
from organza.api.varying import animate, harmonize, paint, retarget, retouch, vary

__all__ = [
    "Run",
    "animate",
    "check",
    "compare",
    "cp",
    "data_blur",
    "data_features",
    "deblur",
    "diagnose",
    "directions",
    "edit",
    "enlarge",
    "evaluate",
    "harmonize",
    "import_model",
    "interpolate",
    "load",
    "mix",
    "names",
    "noise",
    "paint",
    "pathlength",
    "prepare",
    "project",
    "reproduce",
    "retarget",
    "retouch",
    "sample",
    "save_images",
    "separability",
    "show",
    "stylize",
    "sweep",
    "train",
    "translate",
    "vary",
    "verify",
]
