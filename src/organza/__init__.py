"""Organza: a workbench for generative adversarial networks.

    import organza
    run = organza.train("dcgan", data="fashion-mnist-10k", minutes=1)
    organza.save_images(organza.load(run).sample(16, seed=0), "out.png")

Importing it is light: torch is imported by the first function that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from organza.errors import OrganzaError
from organza.version import __version__ as __version__

__all__ = [
    "OrganzaError",
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

if TYPE_CHECKING:
    from organza.api import (
        animate,
        check,
        compare,
        cp,
        data_blur,
        data_features,
        deblur,
        diagnose,
        directions,
        edit,
        enlarge,
        evaluate,
        harmonize,
        import_model,
        interpolate,
        load,
        mix,
        names,
        noise,
        paint,
        pathlength,
        project,
        reproduce,
        retarget,
        retouch,
        sample,
        save_images,
        separability,
        show,
        stylize,
        sweep,
        train,
        translate,
        vary,
        verify,
    )


def __getattr__(name: str) -> Any:
    if name in __all__:
        from organza import api

        return getattr(api, name)
    raise AttributeError(f"module 'organza' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
