"""From a published recipe to the one that trains on these data: shapes from the source, cadence from the budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from organza.data import Source
from organza.data.fitting import NO_SIDES
from organza.errors import UsageError
from organza.games import GameOptions, Shape
from organza.games.scales import FEWEST_PIXELS
from organza.recipes.fields import override
from organza.recipes.recipe import Recipe
from organza.recipes.table import RECIPES

ROWS = 300  # rows of metrics of a whole run: a smooth curve
OF_FORM = {"pairs": ("pix2pix-tiny", "pix2pix"), "two": ("cyclegan-tiny", "cyclegan")}  # on a CPU, elsewhere
OF_ONE = ("singan", 96, 250)  # for one picture: recipe, and longest side on a CPU and elsewhere
OF_STYLE = ("analogy-plus", 64, 220)  # for two domains of which one is a single picture
OF_BUDGET = ("iterations", "quality")  # fields from which games of scales count their budget
GRIDS, FRAMES = 24, 60  # sample grids of a whole run: a slider worth moving; for points, a film

At = Callable[[tuple[int, int], int], tuple[GameOptions, tuple[int, int], int]]  # as `for_whole` describes it


def choose(source: Source, device: str) -> Recipe:
    """A recipe for these data on this kind of device, for a user who names none.

    Pictures get the convolutional GAN at the largest power of two that they fill, from 32 up to 64 pixels on a CPU and
    128 on an accelerator; a CPU gets half of the published width. Points of the plane get the perceptron of the ring. Pairs
    get pix2pix, two domains CycleGAN, on a CPU in their small forms; but one picture gets SinGAN, and two domains of which
    one is a single picture an analogy.
    """
    if source.kind == "points":
        return RECIPES["ring"]
    on_cpu = device == "cpu"
    if source.form == "single" and source.count == 1:
        name, small, full = OF_ONE
        return override(RECIPES[name], {"size": min(small, max(source.height, source.width)) if on_cpu else full})
    if source.form == "two" and any(domain.count == 1 for domain in source.domains):
        name, small, full = OF_STYLE
        return override(RECIPES[name], {"size": small if on_cpu else full})
    if source.form != "single":
        return RECIPES[OF_FORM[source.form][not on_cpu]]
    shorter, largest = min(source.height, source.width), 64 if on_cpu else 128
    size = 32
    while size * 2 <= min(shorter, largest):
        size *= 2
    changes: dict[str, object] = {"size": size, "batch": 64}
    if on_cpu:
        changes |= {"generator.width": 32, "discriminator.width": 32}
    return override(RECIPES["dcgan"], changes)


def resolve(recipe: Recipe, changes: Mapping[str, object], source: Source) -> Recipe:
    """The recipe with these fields changed, for these data. Errors: those of `override` and of `fit_to`."""
    pinned = set(changes)
    if budget_is_set(recipe) and pinned.isdisjoint(OF_BUDGET):
        pinned.add("images")
    return fit_to(override(recipe, changes), source, pinned)


def budget_is_set(recipe: Recipe) -> bool:
    """Whether somebody has set the budget of a recipe that counts it from the steps of each scale, as in its file."""
    at: At | None = getattr(recipe.game, "at", None)
    if at is None:
        return False
    published = RECIPES[recipe.name].images if recipe.name in RECIPES else 0
    return recipe.images not in (published, at(recipe.game.original, recipe.size)[2])  # type: ignore[attr-defined]


def fit_to(recipe: Recipe, source: Source, pinned: Collection[str] = ()) -> Recipe:
    """The recipe with the source's channels and classes, and for whole pictures their sides, unless the user has pinned them.

    Raises:
        UsageError: The recipe is for pictures and the source has points, or the other way round; or it has fewer or more of
            them than the recipe learns from, or too small ones; or the recipe takes labels, and the source has none; or
            rectangles are to be filled up for a recipe that makes nothing from noise.
    """
    if (source.kind == "points") != (recipe.channels == 2):
        wanted = "points of the plane, as ring8" if recipe.channels == 2 else "pictures"
        raise UsageError(f"the recipe '{recipe.name}' learns {wanted}; {source.name} has {source.kind}")
    fitted = {"channels": source.channels}
    if recipe.build().labelled:
        if source.labels is None:
            raise UsageError(
                f"the recipe '{recipe.name}' learns what labels mean, and {source.name} has none: put the pictures of each class "
                "into a folder of its own, or an attributes.csv beside them; or take a recipe without labels, as dcgan"
            )
        fitted["classes"] = len(source.classes)
    refuse_other_forms(recipe, source)
    refuse_other_counts(recipe, source)
    if recipe.rectangles == "pad" and recipe.build().abilities.from_noise is None:
        instead = (
            "; --native true cuts the training squares out of whole pictures" if recipe.build().needs == "many" else ""
        )
        raise UsageError(
            f"the recipe '{recipe.name}' makes pictures from pictures of any shape, and what it makes is not cropped: leave out "
            f"--rectangles pad{instead}"
        )
    if fitted.get("classes", recipe.classes) != recipe.classes and "classes" in pinned:
        raise UsageError(f"{source.name} has {len(source.classes)} classes, not {recipe.classes}: leave out --classes")
    recipe = override(recipe, {name: value for name, value in fitted.items() if name not in pinned})
    return recipe if recipe.build().needs == "many" else for_whole(recipe, source, pinned)


def for_whole(recipe: Recipe, source: Source, pinned: Collection[str] = ()) -> Recipe:
    """The recipe for pictures of the source's shape that are learnt as a whole.

    Options of games that learn such pictures have a method `at`: (height and width of the first domain's picture, size) ->
    the game for it, sides of the training picture or (0, 0), and the budget.

    Raises:
        UsageError: There is too little of a picture, as it is or at this size.
    """
    domains = source.domains or (source,)
    if getattr(recipe.game, "at", None) is not None:
        for name in ("flip", "augment", "load", "native"):
            value = getattr(recipe, name)
            if value:
                raise UsageError(
                    f"the recipe '{recipe.name}' learns pictures as they are, and they must be the same at all scales: leave out "
                    f"--{name} {str(value).lower()}"
                )
    for domain in domains:
        if min(domain.height, domain.width) < FEWEST_PIXELS:
            raise UsageError(
                f"{domain.name} is {domain.width}x{domain.height}, and of less than {FEWEST_PIXELS} pixels a side nothing can be "
                "learnt: name a larger picture"
            )
    found: At | None = getattr(recipe.game, "at", None)
    if found is not None:
        game, sides, images = found((domains[0].height, domains[0].width), recipe.size)
        filled = {"sides": sides, "images": images}
        tree = {name: value for name, value in filled.items() if name not in pinned}
        recipe = override(replace(recipe, game=game), tree)
    _, height, width = recipe.sample
    if min(height, width) < FEWEST_PIXELS:
        shorter, longer = sorted((domains[0].height, domains[0].width)) if recipe.sides != NO_SIDES else (1, 1)
        larger = -(-FEWEST_PIXELS * longer // shorter)
        raise UsageError(
            f"{domains[0].name} is {domains[0].width}x{domains[0].height} and would be {width}x{height}, and of less than "
            f"{FEWEST_PIXELS} pixels a side nothing can be learnt: take --size {larger} or more, or crop it"
        )
    return recipe


def settle(recipe: Recipe) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with everything decided that depends on the files of this machine, and notes on that for the user.

    Games of which something does, as the weights that they begin with, have a method `settled`.
    """
    settled: Callable[[], tuple[GameOptions, tuple[str, ...]]] | None = getattr(recipe.game, "settled", None)
    if settled is None:
        return recipe, ()
    game, notes = settled()
    return replace(recipe, game=game), notes


def notes(recipe: Recipe) -> tuple[str, ...]:
    """What the game decides by the shape of the data and the batch, one line each for the user.

    Games that do so have a method `notes`.
    """
    found: Callable[[Shape, int], tuple[str, ...]] | None = getattr(recipe.game, "notes", None)
    return found(recipe.shape, recipe.batch) if found else ()


def refuse_other_forms(recipe: Recipe, source: Source) -> None:
    """Raise the `UsageError` for a source that does not give what the recipe's game draws."""
    game = recipe.build()
    if len(game.domains) == 2 and source.form != "two":
        raise UsageError(
            f"the recipe '{recipe.name}' learns from two domains: name two folders with a comma between, as --data A,B"
        )
    if len(game.domains) == 1 and source.form == "two":
        instead = "name one of them; for two domains, take cyclegan"
        if game.pairs != "none":
            instead = "if they are pairs, put them into one folder as A and B and name that as pairs:DIR; if not, take cyclegan"
        raise UsageError(f"the recipe '{recipe.name}' learns from one source, and {source.name} are two: {instead}")
    if game.pairs == "none" and source.form == "pairs":
        raise UsageError(
            f"the recipe '{recipe.name}' does not learn from pairs: take pix2pix, or name a folder of pictures alone"
        )
    if game.pairs == "needed" and source.form != "pairs":
        raise UsageError(
            f"the recipe '{recipe.name}' learns from pairs: name them as --data pairs:DIR, where DIR holds A (what is given) "
            "and B (what is wanted), or pictures that show both side by side"
        )


def refuse_other_counts(recipe: Recipe, source: Source) -> None:
    """Raise the `UsageError` for a source that has fewer or more samples than the recipe's game needs."""
    needs = recipe.build().needs
    for domain in source.domains or (source,):
        if needs == "many" and domain.count < 2 and domain.form != "pairs":
            of_one = "structural-analogy learns from two pictures" if source.domains else "singan learns from one"
            raise UsageError(
                f"one picture ({domain.name}) is not enough to train '{recipe.name}' on: name a folder or a zip of pictures; "
                f"{of_one}"
            )
        if needs == "one" and domain.count > 1:
            raise UsageError(
                f"the recipe '{recipe.name}' learns from one picture{' of each domain' if source.domains else ''}, and "
                f"{domain.name} has {domain.count:,}: name one picture, as --data photo.png"
            )


def with_cadence(recipe: Recipe) -> Recipe:
    """The recipe with the images between rows and between grids filled in, in whole steps, from its budget."""
    return replace(
        recipe,
        log_every=recipe.log_every or whole_steps(recipe, recipe.images / ROWS),
        sample_every=recipe.sample_every
        or whole_steps(recipe, recipe.images / (FRAMES if recipe.channels == 2 else GRIDS)),
    )


def whole_steps(recipe: Recipe, images: float) -> int:
    """`images` rounded to whole batches, at least one."""
    return max(1, round(images / recipe.batch)) * recipe.batch
