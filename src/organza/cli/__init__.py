"""The command line: one file per verb. A verb's function is its help; here it is found, and its errors are told."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from importlib.resources import files

from organza.errors import OrganzaError, unknown
from organza.version import __version__

VERBS = {
    "train": "train",
    "sample": "sample",
    "mix": "mix",
    "interpolate": "interpolate",
    "noise": "noise",
    "project": "project",
    "directions": "directions",
    "edit": "edit",
    "stylize": "stylize",
    "deblur": "deblur",
    "translate": "translate",
    "enlarge": "enlarge",
    "vary": "vary",
    "retarget": "retarget",
    "harmonize": "harmonize",
    "retouch": "retouch",
    "paint": "paint",
    "animate": "animate",
    "evaluate": "evaluate",
    "pathlength": "pathlength",
    "separability": "separability",
    "list": "list",
    "show": "show",
    "cp": "cp",
    "diagnose": "diagnose",
    "compare": "compare",
    "sweep": "sweep",
    "reproduce": "reproduce",
    "data": "data",
    "verify": "verify",
    "import": "importing",
}


def summary(module: str) -> str:
    """First line of a verb module's docstring, read without importing it, so that `organza --help` answers at once."""
    text = files("organza.cli").joinpath(f"{module}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def overview() -> str:
    """What `organza --help` prints."""
    verbs = "\n".join(f"  {verb:<14}{summary(module)}" for verb, module in VERBS.items())
    return f"""organza {__version__}: a workbench for generative adversarial networks

usage: organza VERB ...          organza VERB --help tells more
       organza train --data ./my-pictures     is all it takes to begin

verbs:
{verbs}

options of every verb: --json (one JSON object on standard output), --debug (tracebacks)
exit status: 0 done, 1 failed, 2 wrong usage, 3 the training was stopped: a number was not finite any more or, with
--stop-on-failure, it failed"""


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the command `organza`; ends the process with the contract's exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        sys.exit(dispatch(words))
    except OrganzaError as error:
        if debug:
            raise
        print(f"organza: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(error.status)
    except KeyboardInterrupt:
        if debug:
            raise
        print("organza: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone, as in `organza list | head -1`
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        text = " ".join(f"{type(error).__name__}: {error}".split())
        print(f"organza: this is a fault of organza: {text}; --debug shows where", file=sys.stderr)
        sys.exit(1)


def dispatch(words: list[str]) -> int:
    """Run the verb that the words name; returns the exit status."""
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0 if words else 2
    if words[0] in ("-V", "--version"):
        print(f"organza {__version__}")
        return 0
    verb, *rest = words
    if verb not in VERBS:
        raise unknown("verb", verb, VERBS)
    status: int = import_module(f"organza.cli.{VERBS[verb]}").run(rest)
    return status
