"""Which model fits a wish: ranked, with prices and reasons in sentences; and when another tool is right. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.catalog.calculator import price_of
from apps.catalog.capabilities import state_of
from apps.catalog.inputs import default_inputs
from apps.catalog.kinds import Kind, Lifecycle
from apps.catalog.shelf import OnShelf
from apps.catalog.sizes import EDGES, Size, planned_outputs, with_shape
from apps.catalog.tasks import can_do
from apps.catalog.use_cases import UseCase
from apps.catalog.wishes import LEADERS, NOTHING_OFF, Need, Wish
from apps.ledger.amounts import PER_CREDIT, Millicredits, format_credits

_MAKERS: Final = {Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT}
_CONSISTENCY: Final[Mapping[str, int]] = {"Elite": 4, "Excellent": 3, "Strong": 2, "Good": 1}
_REALISTIC: Final = frozenset({"realistic", "photographic", "photo"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A model that fits."""

    on_shelf: OnShelf
    price_mc: Millicredits  # all pictures that were asked for
    inputs: Mapping[str, Any]  # what has to be set for it: {"resolution": "4K"}
    reasons: tuple[str, ...]  # the strongest first
    cautions: tuple[str, ...]
    unavailable: str = ""  # why it cannot be run just now; empty: it can

    @property
    def is_available(self) -> bool:
        return not self.unavailable


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to know before choosing at all."""

    code: str
    sentence: str
    ai_model_id: str = ""  # the model that is the better tool


@dataclass(frozen=True, slots=True)
class Recommendation:
    suggestions: tuple[Suggestion, ...]  # the best first; those that cannot be run just now come last
    advice: tuple[Advice, ...]
    nothing: str = ""  # why nothing fits; empty: something does


def recommend(shelf: Iterable[OnShelf], *, wish: Wish, unavailable: Mapping[str, str] = NOTHING_OFF) -> Recommendation:
    """Rank the models that fit a wish. The same shelf and wish always give the same answer.

    :param unavailable: id → why it cannot be run just now. Models that are off for the caller are not on the shelf.
    """
    wish, excluded, fitting = wish.spelled_out(), Counter[str](), []
    on_sale = [one for one in shelf if one.is_on_sale]
    working = [one for one in on_sale if _does_the_work(one, wish)]
    for one in working:
        inputs = _inputs(one, wish)
        price_mc = price_of(one, pictures=wish.pictures, inputs=inputs)
        if obstacle := _obstacle(one, price_mc, wish):
            excluded[obstacle] += 1
        else:
            points, reasons = _praise(one, wish)
            said = Suggestion(
                on_shelf=one,
                price_mc=price_mc,
                inputs=inputs,
                reasons=(*reasons, _price_words(price_mc, wish)),
                cautions=_cautions(one, wish),
                unavailable=unavailable.get(one.ai_model.pk, ""),
            )
            # Who names a use case is told who is made for it, though that one may not run here.
            is_beside = bool(wish.use_case) and wish.use_case not in one.ai_model.use_cases
            place = (one.ai_model.position, one.ai_model.pk)
            fitting.append((is_beside, not said.is_available, -points, price_mc, *place, said))
    ranked = tuple(row[-1] for row in sorted(fitting, key=lambda row: row[:-1]))
    return Recommendation(ranked, _advice(on_sale, wish, unavailable), "" if ranked else _nothing(on_sale, excluded))


def _does_the_work(one: OnShelf, wish: Wish) -> bool:
    """Whether a model is of the stage and does the task; without either, it has to make or edit pictures."""
    if wish.stage and one.ai_model.stage != wish.stage:
        return False
    if wish.task:
        return can_do(task=wish.task, kinds=one.kinds, capabilities=one.ai_model.capabilities)
    return bool(wish.stage) or not _MAKERS.isdisjoint(one.kinds)


def _obstacle(one: OnShelf, price_mc: int, wish: Wish) -> str:
    """The first thing that rules a model out, as the end of «so many models …»; empty: nothing does."""
    can, references = one.ai_model.capabilities, wish.references or 0
    if one.most_pictures < references:
        return f"take fewer than {references} reference{'s' if references > 1 else ''}"
    if Need.RESOLUTION_4K in wish.needs and not _makes_4k(one):
        return "make nothing as large as 4K"
    if Need.MASK in wish.needs and not can.get("mask_edit"):
        return "take no mask"
    if Need.SOUND in wish.needs and not can.get("native_audio"):
        return "make no sound"
    if wish.max_mc is not None and price_mc > wish.max_mc:
        return f"cost more than {_credits(wish.max_mc)}"
    if wish.seconds is not None and (one.seconds or 0) > wish.seconds:
        return f"take longer than {wish.seconds} s"
    return ""


def _praise(one: OnShelf, wish: Wish) -> tuple[int, list[str]]:
    """Everything that speaks for a model, weighed: the points, and the sentences with the heaviest first."""
    rows = sorted((row for rule in _RULES for row in rule(one, wish)), key=lambda row: -row[0])
    return sum(points for points, _ in rows), [sentence for points, sentence in rows if sentence]


_Praise = list[tuple[int, str]]  # points, and the sentence for them


def _leads(one: OnShelf, wish: Wish) -> _Praise:
    leaders = LEADERS.get(wish.stage, ())
    if one.ai_model.pk not in leaders:
        return []
    return [(50 - leaders.index(one.ai_model.pk), f"Leads the {wish.stage} stage.")]


def _is_ranked(one: OnShelf, wish: Wish) -> _Praise:
    rows = []
    for use_case in wish.use_cases():
        if rank := one.ai_model.use_cases.get(use_case):
            place = "First choice" if rank == 1 else f"Number {rank}"
            weight = 100 if use_case == wish.use_case else 60
            rows.append((max(10, weight - 15 * (rank - 1)), f"{place} for this: {UseCase(use_case).label.lower()}."))
    return rows


def _keeps_likeness(one: OnShelf, wish: Wish) -> _Praise:
    level = one.ai_model.consistency
    if level not in _CONSISTENCY or not wish.needs & {
        Need.CHARACTER_CONSISTENCY, Need.BRAND_CONSISTENCY, Need.REFERENCES, Need.EXACT_COLORS
    }:  # fmt: skip
        return []
    return [(5 * _CONSISTENCY[level], f"Keeps a likeness: {level}.")]


def _takes_references(one: OnShelf, wish: Wish) -> _Praise:
    if not wish.references:
        return []
    most = one.most_pictures
    return [(min(most, 10) // 3, f"Takes {most} reference{'s' if most > 1 else ''}; you have {wish.references}.")]


def _has_the_means(one: OnShelf, wish: Wish) -> _Praise:
    can, rows = one.ai_model.capabilities, []
    if wish.needs & {Need.MASK, Need.SMALL_SPOT} and can.get("mask_edit"):
        rows.append((20, "Changes only what a mask marks."))
    if Need.SMALL_SPOT in wish.needs and one.ai_model.stage == "precision":
        rows.append((10, "Made for changing one part and leaving the rest."))
    if Need.SOUND in wish.needs:
        rows.append((10, "The clip comes with sound of its own."))
    if Need.RESOLUTION_4K in wish.needs:
        rows.append((5, f"Makes up to {one.ai_model.max_resolution}."))
    if Need.REALISM in wish.needs and (_REALISTIC & set(one.ai_model.tags) or one.ai_model.tier_preset == "photo"):
        rows.append((25, "Made to look like a photograph."))
    return rows


def _is_fast(one: OnShelf, wish: Wish) -> _Praise:
    if one.seconds is None:
        return [(8, "Known as quick.")] if Need.SPEED in wish.needs and "fast" in one.ai_model.tags else []
    is_asked = Need.SPEED in wish.needs or wish.seconds is not None
    points = max(0, 30 - one.seconds) if is_asked else 0
    return [(points, f"Takes about {one.seconds} s.")]


def _is_rated(one: OnShelf, wish: Wish) -> _Praise:
    rating = one.ai_model.rating
    return [(2 * rating, f"Rated {rating} of 5.")] if rating else []


_RULES: Final[tuple[Callable[[OnShelf, Wish], _Praise], ...]] = (
    _is_ranked,
    _leads,
    _has_the_means,
    _keeps_likeness,
    _takes_references,
    _is_fast,
    _is_rated,
)


def _cautions(one: OnShelf, wish: Wish) -> tuple[str, ...]:
    ai_model, said = one.ai_model, []
    if ai_model.support_tier == "supported":
        said.append("Supported, not recommended: quality and speed may vary.")
    if ai_model.lifecycle == Lifecycle.DEPRECATED:
        after = f"; {ai_model.successor.name} follows it" if ai_model.successor else ""
        until = f"On sale until {ai_model.retires_on}" if ai_model.retires_on else "Will be taken off sale"
        said.append(f"{until}{after}.")
    if wish.seconds is not None and one.seconds is None:
        said.append(f"Nobody has timed it yet, so {wish.seconds} s are not promised.")
    if (wish.references or 0) > 1 and state_of(ai_model.capabilities.get("multi_image")) == "limited":
        said.append("Several references work less surely here than one.")
    return tuple(said)


def _advice(on_sale: list[OnShelf], wish: Wish, unavailable: Mapping[str, str]) -> tuple[Advice, ...]:
    """When a reference edit is not the right tool, or one model beats the obvious one; one that runs, if any does."""
    said = []
    if Need.SMALL_SPOT in wish.needs:
        better = _first_for(
            on_sale, unavailable, UseCase.MASK_EDIT, lambda one: bool(one.ai_model.capabilities.get("mask_edit"))
        )
        sentence = "For a tiny fix, mark the spot with a mask: a reference edit paints the whole picture anew."
        said.append(Advice("small_spot", sentence, better))
    if Need.EXACT_COLORS in wish.needs:
        sentence = "No model promises an exact color value. Correct brand colors in the finished picture."
        said.append(Advice("exact_colors", sentence))
    if Need.BACKGROUND_REMOVAL in wish.needs:
        better = _first_for(
            on_sale, unavailable, UseCase.BACKGROUND_REMOVAL, lambda one: Kind.BACKGROUND_REMOVAL in one.kinds
        )
        sentence = (
            "To take a background away, the cut-out tool is enough; an editor costs more and repaints the subject."
        )
        said.append(Advice("background_removal", sentence, better))
    if Need.CHARACTER_CONSISTENCY in wish.needs and wish.needs & {Need.TEXT_IN_PICTURE, Need.MACHINERY}:
        better = _first_for(on_sale, unavailable, UseCase.COMPLEX_REASONING_AND_TEXT, lambda one: False)
        sentence = "A character who handles lettering or machinery needs a model that reasons about both."
        said.append(Advice("character_with_text", sentence, better))
    return tuple(said)


def _first_for(
    on_sale: list[OnShelf], unavailable: Mapping[str, str], use_case: str, is_able: Callable[[OnShelf], bool]
) -> str:
    """Of those that run, if any do: the model ranked best for a use case, else the cheapest that is able."""
    able = [one for one in on_sale if use_case in one.ai_model.use_cases or is_able(one)]
    best = min(
        able,
        key=lambda one: (
            one.ai_model.pk in unavailable,
            one.ai_model.use_cases.get(use_case, 99),
            one.usual_mc,
            one.ai_model.position,
        ),
        default=None,
    )
    return best.ai_model.pk if best else ""


def _nothing(on_sale: list[OnShelf], excluded: Counter[str]) -> str:
    if not on_sale:
        return "No model is on sale and switched on."
    if not excluded:
        return "No model on sale does this work."
    (obstacle, count), *_ = excluded.most_common(1)
    one = f"the one model that does this work would {obstacle}"  # «take longer than …»
    return f"Nothing fits: {one if count == 1 else f'{count} models that do this work {obstacle}'}."


def _price_words(price_mc: int, wish: Wish) -> str:
    pictures = f"for {wish.pictures:,} pictures" if wish.pictures > 1 else "a run"
    budget = f" of the {format_credits(wish.max_mc)} you allow" if wish.max_mc is not None else ""
    return f"{_credits(price_mc)} {pictures}{budget}."


def _credits(amount_mc: int) -> str:
    return f"{format_credits(amount_mc)} {'credit' if amount_mc == PER_CREDIT else 'credits'}"


def _inputs(one: OnShelf, wish: Wish) -> dict[str, Any]:
    """The settings that a wish asks for, by the names that this model has for them."""
    if Need.RESOLUTION_4K not in wish.needs:
        return {}
    for name, value in (("resolution", "4K"), ("image_size", "auto_4K")):
        if value in _words_of(one.spec.properties.get(name, {})):
            return {name: value}
    sizes = [branch.get("properties", {}) for branch in one.spec.properties.get("image_size", {}).get("anyOf", [])]
    if any(size.get("width", {}).get("maximum", 0) >= EDGES["4K"] for size in sizes):
        usual = planned_outputs(spec=one.spec, effective=default_inputs(one.spec), pictures=None)
        return {"image_size": with_shape(Size(usual.width, usual.height), EDGES["4K"]).to_json()}
    return {}


def _makes_4k(one: OnShelf) -> bool:
    """Whether a model says that it makes 4K, or at least 4096 pixels along one edge; an upscaler can."""
    said = one.ai_model.max_resolution
    edges = [int(edge) for edge in said.split("x") if edge.isdecimal()]
    return "4K" in said or max(edges, default=0) >= EDGES["4K"] or one.ai_model.kind == Kind.UPSCALE


def _words_of(schema: Mapping[str, Any]) -> list[Any]:  # JSON Schema; values of an enum
    return [word for branch in (schema, *schema.get("anyOf", [])) for word in branch.get("enum", [])]
