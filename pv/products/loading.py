"""Loads the public register and the pipeline's figures into the public organisation. Its entries open no clock."""

from pathlib import Path
from typing import Any
from uuid import UUID

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.core.partial import PartialDate
from pv.core.upsert import Loaded, upsert
from pv.products.models import Alias, Authorisation, PipelineFigure, Precision, Product
from pv.products.reference import Alias as AliasText
from pv.products.reference import Authorisation as AuthorisationText
from pv.products.reference import Evidence, HowRead, Pipeline, Wording, read_pipeline, read_register
from pv.products.reference import PipelineFigure as FigureText

OWNED = {"organisation_id": PUBLIC_ORGANISATION}
SHARED = [PUBLIC_ORGANISATION]


def load_register(folder: Path) -> list[Loaded]:
    """Write the real approvals with their products and names, each certainty and date precision kept."""
    register = read_register(folder)
    by_key = {text.product_key: text for text in register.authorisations}
    products = Product.objects.for_organisations(SHARED)
    loaded = [upsert("products", products, ["key"], [_product(text) for text in by_key.values()])]
    ids: dict[str, UUID] = dict(products.values_list("key", "pk"))
    loaded.append(
        upsert(
            "authorisations",
            Authorisation.objects.for_organisations(SHARED),
            ["key"],
            [_authorisation(text, ids) for text in register.authorisations],
        )
    )
    names = [_alias(text, ids) for text in register.aliases]
    aliases = Alias.objects.for_organisations(SHARED)
    loaded.append(upsert("other names", aliases, ["product_id", "language", "name"], names))
    return loaded


def _product(text: AuthorisationText) -> dict[str, Any]:
    return OWNED | {
        "key": text.product_key,
        "inn": text.inn,
        "generic_zh": text.generic_zh,
        "brand_en": text.brand_en,
        "brand_zh": text.brand_zh,
        "product_class": text.product_class.en,
        "product_class_zh": text.product_class.zh,
        "target": text.target,
        "vector": text.vector.en,
        "vector_zh": text.vector.zh,
        "integrating": text.integrating.value,
    }


def _authorisation(text: AuthorisationText, products: dict[str, UUID]) -> dict[str, Any]:
    approved_on, approved_precision = _dated(text.approved)
    announced_on, announced_precision = _dated(text.announced)
    return OWNED | {
        "key": text.key,
        "product_id": products[text.product_key],
        "holder_en": text.holder.en,
        "holder_zh": text.holder.zh,
        "holder_note_en": text.holder_note.en,
        "holder_note_zh": text.holder_note.zh,
        "indication_en": text.indication.en,
        "indication_zh": text.indication.zh,
        "indication_zh_translated": text.indication_zh_origin is Wording.TRANSLATED,
        "kind": text.kind.value,
        "kind_certainty": text.kind_certainty.value,
        "kind_note_en": text.kind_note.en,
        "kind_note_zh": text.kind_note.zh,
        "status": text.kind.value,
        "approved_on": approved_on,
        "approved_precision": approved_precision,
        "approved_note_en": text.approved_note.en,
        "approved_note_zh": text.approved_note.zh,
        "announced_on": announced_on,
        "announced_precision": announced_precision,
        "certificate_number": text.certificate_number,
        "pivotal_trials": "; ".join(text.pivotal_trials),
        "confirmatory_trials": "; ".join(text.confirmatory_trials),
        "trials_note_en": text.trials_note.en,
        "trials_note_zh": text.trials_note.zh,
        "confirmatory_status_en": text.confirmatory_status.en,
        "confirmatory_status_zh": text.confirmatory_status.zh,
        "counted_mid_2025": text.counted_mid_2025,
        "sources": [_source(one) for one in text.sources],
    }


def _dated(partial: PartialDate | None) -> tuple[Any, str]:
    if partial is None:
        return None, Precision.UNKNOWN.value
    return partial.earliest(), partial.precision.value


HOW_READ = {
    HowRead.READ: "read / 已读",
    HowRead.SECOND_HAND: "second hand / 二手资料",
    HowRead.RECALLED: "recalled / 凭记忆",
}


def _source(text: Evidence) -> str:
    """One line that says where something was read, how, and what it states, in both languages."""
    where = text.where if not text.quoting else f"{text.where} ({text.quoting})"
    doubt = "" if text.agrees else " — disagrees / 与本目录不一致"
    return f"{where or '—'} [{HOW_READ[text.how_read]}]: {text.states.en} / {text.states.zh}{doubt}"


def _alias(text: AliasText, products: dict[str, UUID]) -> dict[str, Any]:
    return OWNED | {
        "product_id": products[text.product_key],
        "language": text.language.value,
        "name": text.name,
        "kind": text.kind.value,
        "valid_from": text.valid_from,
        "valid_to": text.valid_to,
        "note_en": text.note.en,
        "note_zh": text.note.zh,
    }


def load_pipeline(path: Path) -> Loaded:
    """Write the figures of the pipeline, each with its unit; a count not given stays empty."""
    pipeline = read_pipeline(path)
    rows = [_figure(text, position, pipeline) for position, text in enumerate(pipeline.figures, start=1)]
    return upsert("pipeline figures", PipelineFigure.objects.for_organisations(SHARED), ["key", "as_of"], rows)


def _figure(text: FigureText, position: int, pipeline: Pipeline) -> dict[str, Any]:
    source = next(source for source in pipeline.sources if source.key == text.source)
    return OWNED | {
        "key": text.key,
        "section": text.section.value,
        "record": text.label.en,
        "record_zh": text.label.zh,
        "therapy": text.therapy_name.en,
        "therapy_zh": text.therapy_name.zh,
        "stage": text.stage_name.en,
        "stage_zh": text.stage_name.zh,
        "position": position,
        "count": text.count,
        "unit": text.unit.value if text.unit else "",
        "as_of": text.as_of,
        "note_en": text.note.en,
        "note_zh": text.note.zh,
        "source": f"{source.title.en} / {source.title.zh}" + (f" ({source.where})" if source.where else ""),
    }
