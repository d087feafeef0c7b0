"""Loads the shared rules and ladders into the public organisation."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.core.errors import Conflict, gettext_noop
from pv.core.reference.records import shown_path
from pv.core.upsert import Loaded, upsert
from pv.deadlines.models import Ladder, Rule, Rung, Step
from pv.deadlines.reference import Ladder as LadderText
from pv.deadlines.reference import Rule as RuleText
from pv.deadlines.reference import RuleBook, read_ladders, read_rules

# What a date was computed by. Texts may be mended in place; these may not, since open deadlines name the version.
DECIDING = ("amount", "unit", "day_type", "fixed_date", "calendar", "inclusive", "status", "clock_start")


def load_rules(folder: Path) -> Loaded:
    """Write each version of each rule once; a rule that computes another date needs a new version."""
    book = read_rules(folder)
    shared = Rule.objects.for_organisations([PUBLIC_ORGANISATION])
    rows = [_rule(rule, book) for rule in book.rules]
    stored = {(rule.code, rule.version): rule for rule in shared}
    for row in rows:
        known = stored.get((row["code"], row["version"]))
        differing = [name for name in DECIDING if known is not None and getattr(known, name) != row[name]]
        if differing:
            raise Conflict(
                gettext_noop(
                    "%(file)s line %(line)s: rule %(code)s is loaded as version %(version)s with another %(fields)s; "
                    "give the changed rule a new version."
                ),
                params={
                    "file": shown_path(folder / "rules.csv"),
                    "line": _line(folder / "rules.csv", f"{row['code']},{row['version']},"),
                    "code": row["code"],
                    "version": row["version"],
                    "fields": ", ".join(differing),
                },
            )
    return upsert("rules", shared, ["code", "version"], rows)


def _rule(rule: RuleText, book: RuleBook) -> dict[str, Any]:
    titles = {source.key: source.title for source in book.sources}
    cited = [f"{one}: {titles[one.key].en} / {titles[one.key].zh}" for one in rule.source]
    return {
        "organisation_id": PUBLIC_ORGANISATION,
        "code": rule.id,
        "version": rule.version,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
        "jurisdiction": rule.jurisdiction.value,
        "duty_kind": rule.duty_kind.value,
        "trigger_en": rule.trigger.en,
        "trigger_zh": rule.trigger.zh,
        "clock_start": rule.clock_start,
        "clock_start_en": rule.clock_start_name.en,
        "clock_start_zh": rule.clock_start_name.zh,
        "amount": rule.amount,
        "unit": rule.unit.value,
        "day_type": rule.day_type.value,
        "fixed_date": rule.fixed_date,
        "calendar": rule.calendar.value,
        "repeats": rule.repeats,
        "inclusive": rule.inclusive,
        "restart_on_follow_up": rule.restart_on_follow_up,
        "recipient_en": rule.recipient.en,
        "recipient_zh": rule.recipient.zh,
        "channel": rule.channel.value if rule.channel else "",
        "status": rule.status.value,
        "certainty": rule.certainty.value,
        "source": "\n".join(cited),
        "note_en": rule.note.en,
        "note_zh": rule.note.zh,
    }


def load_ladders(path: Path) -> list[Loaded]:
    """Write each version of each ladder once, with its rungs and steps.

    Open deadlines keep the ladder they climb, so the steps of a version that is loaded never change: Conflict asks for
    a new version.
    """
    texts = read_ladders(path).ladders
    shared = Ladder.objects.for_organisations([PUBLIC_ORGANISATION])
    known = {(ladder.code, ladder.version): ladder for ladder in shared.prefetch_related("rungs__steps")}
    for text in texts:
        stored = known.get((text.code, text.version))
        if stored is not None and _climb(stored) != _climb_of(text):
            raise Conflict(
                gettext_noop(
                    "%(file)s line %(line)s: ladder %(code)s is loaded as version %(version)s with other steps; "
                    "give the changed ladder a new version."
                ),
                params={
                    "file": shown_path(path),
                    "line": _line(path, f"code: {text.code}\n"),
                    "code": text.code,
                    "version": text.version,
                },
            )
    loaded = upsert("ladders", shared, ["code", "version"], [_ladder(text) for text in texts])
    fresh = {(one.code, one.version): one for one in shared.all() if (one.code, one.version) not in known}
    rungs = _add_rungs((fresh[text.code, text.version], text) for text in texts if (text.code, text.version) in fresh)
    return [loaded, Loaded("rungs", sum(len(text.rungs) for text in texts), new=rungs)]


def _ladder(text: LadderText) -> Mapping[str, Any]:
    return {
        "organisation_id": PUBLIC_ORGANISATION,
        "code": text.code,
        "version": text.version,
        "name_en": text.name.en,
        "name_zh": text.name.zh,
        "kinds": list(text.applies_to),
        "source": f"{text.source.en} / {text.source.zh}",
    }


def _add_rungs(ladders: Iterable[tuple[Ladder, LadderText]]) -> int:
    rungs: list[Rung] = []
    steps: list[Step] = []
    for ladder, text in ladders:
        for no, amount, unit, side, at_hour, repeat_days, tone, told in _climb_of(text):
            rung = Rung(
                organisation_id=PUBLIC_ORGANISATION,
                ladder=ladder,
                no=no,
                amount=amount,
                unit=unit,
                side=side,
                at_hour=at_hour,
                repeat_days=repeat_days,
                tone=tone,
            )
            rungs.append(rung)
            steps += [
                Step(
                    organisation_id=PUBLIC_ORGANISATION,
                    rung=rung,
                    nth=nth,
                    delay_minutes=delay,
                    audience=list(audience),
                    channels=list(channels),
                )
                for nth, delay, audience, channels in told
            ]
    Rung.objects.bulk_create(rungs)
    Step.objects.bulk_create(steps)
    return len(rungs)


def _line(path: Path, words: str) -> int:
    """Where these words stand first."""
    return path.read_text(encoding="utf-8").partition(words)[0].count("\n") + 1


Told = tuple[int, int, tuple[str, ...], tuple[str, ...]]
Climb = list[tuple[int, int, str, str, int, int | None, str, list[Told]]]


def _climb_of(text: LadderText) -> Climb:
    """A ladder's rungs and steps as plain values, as they stand in the file."""
    return [
        (
            rung.number,
            rung.offset.amount,
            rung.offset.unit.value,
            rung.offset.side.value,
            rung.offset.at_hour,
            rung.repeat_days,
            rung.tone.value,
            [(step.nth, 60 * step.delay, step.audience, step.channels) for step in rung.steps],
        )
        for rung in text.rungs
    ]


def _climb(ladder: Ladder) -> Climb:
    """The same as it is stored."""
    return [
        (
            rung.no,
            rung.amount,
            rung.unit,
            rung.side,
            rung.at_hour,
            rung.repeat_days,
            rung.tone,
            [(one.nth, one.delay_minutes, tuple(one.audience), tuple(one.channels)) for one in rung.steps.all()],
        )
        for rung in ladder.rungs.all()
    ]
