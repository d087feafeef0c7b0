"""A case as it stands, as one mapping of plain texts; every change is a new version beside the old ones."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.models import User
from pv.core.errors import DomainError
from pv.core.partial import PartialDate
from pv.core.partial_columns import restored, stored
from pv.safety.clocks import legal_day_of
from pv.safety.models import Case, CaseVersion, InboxItem, Reaction
from pv.terminology.clinical import Causality, Lineage, Malignancy, Outcome, Serious

Content = dict[str, str]

CHOSEN: Mapping[str, list[str]] = {
    "malignancy": Malignancy.values,
    "lineage": [*Lineage.values, ""],
    "outcome": Outcome.values,
    "reporter_causality": Causality.values,
}
COLUMNS = (
    "diagnosis", "malignancy", "lineage", "biopsy", "outcome", "reporter_causality", "death_cause", "death_suspected",
    "source", "product_text", "patient_text", "reporter_name", "reporter_profession", "reporter_institution",
    "reporter_phone", "reporter_consents",
)  # fmt: skip
DAYS = ("biopsy_on", "treatment_planned_on", "known_to_site_on", "known_to_delegate_on", "known_to_holder_on")
KNOWN = frozenset({*COLUMNS, *DAYS, "onset", "died", "seriousness", "kind", "patient", "product", "treatment", "item"})


def content_of(item: InboxItem) -> Content:
    """What an inbox item says, as the content of a version. Ids and texts; partial dates as far as they are known."""
    said = {name: str(getattr(item, name) or "") for name in COLUMNS}
    said |= {name: day.isoformat() if (day := getattr(item, name)) else "" for name in DAYS}
    return said | {
        "item": item.number,
        "kind": item.kind,
        "onset": str(restored(item.onset_on, item.onset_precision) or ""),
        "died": str(restored(item.died_on, item.died_precision) or ""),
        "seriousness": ",".join(item.seriousness),
        "patient": str(item.patient_id or ""),
        "treatment": str(item.treatment_id or ""),
        "product": str(item.product_id or ""),
    }


# What news say about the patient; who reported first and when it was known stay as they were.
CLINICAL = ("diagnosis", "lineage", "malignancy", "biopsy", "biopsy_on", "onset", "outcome", "died", "death_cause",
            "death_suspected")  # fmt: skip
SAYS_NOTHING = frozenset({"", "unknown", "not_asked"})


def news_of(item: InboxItem, last: CaseVersion) -> Content:
    """What a follow-up report changes: what it knows about the patient, on top of what was known."""
    said = content_of(item)
    changed = {name: said[name] for name in CLINICAL if said[name] not in SAYS_NOTHING}
    serious = [one for one in [*last.content.get("seriousness", "").split(","), *item.seriousness] if one]
    changed |= {"seriousness": ",".join(dict.fromkeys(serious))}
    for name in ("patient", "treatment", "product"):
        if said[name] and not last.content.get(name):
            changed[name] = said[name]
    return changed


def fingerprint(content: Mapping[str, str], narrative: str) -> str:
    """SHA-256 over the canonical JSON of a version."""
    text = json.dumps([dict(content), narrative], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def checked(changes: Mapping[str, str]) -> Content:
    """Changes that a version can take. Raises DomainError naming the input."""
    for name, value in changes.items():
        if name not in KNOWN:
            raise DomainError(_("A case has no such detail."), field=name)
        if name in CHOSEN and value not in CHOSEN[name]:
            raise DomainError(_("This is not one of the choices."), field=name)
        if name in ("onset", "died", *DAYS) and value:
            PartialDate.parse(value)
        if name == "seriousness" and set(filter(None, value.split(","))) - set(Serious.values):
            raise DomainError(_("This is not one of the choices."), field=name)
    return dict(changes)


def make_case(item: InboxItem, *, by: User, at: datetime) -> tuple[Case, CaseVersion]:
    """The case of a report, with its first version and reaction. Its number follows the commit."""
    malignancy = item.kind == InboxItem.Kind.MALIGNANCY
    case: Case = Case.objects.create(
        organisation_id=item.organisation_id,
        year=legal_day_of(item.received_at).year,
        patient_id=item.patient_id,
        product_id=item.product_id,
        day_zero=item.day_zero,
        serious=item.serious or malignancy,
        malignancy=malignancy,
        versions=1,
    )
    version = _write(case, content_of(item), item.narrative, day_zero=item.day_zero, by=by, at=at)
    return case, version


def next_version(
    case: Case,
    changes: Mapping[str, str],
    *,
    by: User,
    at: datetime,
    day_zero: date,
    significant: bool,
    why: str,
    narrative: str | None = None,
) -> CaseVersion:
    """The case as it stands now; `case.versions` rises in memory, the caller saves it."""
    last = latest(case)
    case.versions = last.no + 1
    content = last.content | checked(changes)
    story = last.narrative if narrative is None else narrative
    return _write(case, content, story, day_zero=day_zero, by=by, at=at, significant=significant, why=why)


def latest(case: Case) -> CaseVersion:
    """How the case stands."""
    mine = CaseVersion.objects.for_organisations([case.organisation_id]).filter(case=case)
    found: CaseVersion = mine.order_by("-no")[0]
    return found


def _write(
    case: Case,
    content: Content,
    narrative: str,
    *,
    day_zero: date,
    by: User,
    at: datetime,
    significant: bool = True,
    why: str = "",
) -> CaseVersion:
    version: CaseVersion = CaseVersion.objects.create(
        organisation_id=case.organisation_id,
        case=case,
        no=case.versions,
        day_zero=day_zero,
        significant=significant,
        why=why,
        content=content,
        narrative=narrative,
        content_hash=fingerprint(content, narrative),
        by=by,
        at=at,
    )
    onset_on, precision = stored(PartialDate.parse(content["onset"]) if content.get("onset") else None)
    seriousness = [one for one in content.get("seriousness", "").split(",") if one]
    if case.malignancy and Serious.OTHER not in seriousness:
        seriousness.append(str(Serious.OTHER))  # a new malignancy is always an important medical event
    Reaction.objects.create(
        organisation_id=case.organisation_id,
        case_version=version,
        verbatim=content["diagnosis"],
        lineage=content.get("lineage", ""),
        onset_on=onset_on,
        onset_precision=precision,
        seriousness=seriousness,
        outcome=content.get("outcome") or Outcome.UNKNOWN,
        reporter_causality=content.get("reporter_causality") or Causality.PENDING,
    )
    return version


def id_of(text: str) -> UUID | None:
    """An id as a content keeps it."""
    return UUID(text) if text else None
