"""A long form's blocks, with their fields and whether they hold anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField

from pv.web.forms.records import Block, RecordForm


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """One block as the template needs it."""

    title: Any
    lead: Any
    when: str
    css: str
    is_open: bool
    is_malignancy: bool
    is_events: bool
    fields: list[BoundField]

    @property
    def has_content(self) -> bool:
        """Somebody has typed in it, or has to look at it once more."""
        return any(field.errors or (field.form.is_bound and field.value()) for field in self.fields)


def blocks_of(form: RecordForm, *, with_events: bool) -> list[ShownBlock]:
    """In the form's order; the events stand behind what was asked about malignancies."""
    shown = [_shown(form, block) for block in form.blocks]
    if with_events:
        at = next((n + 1 for n, block in enumerate(form.blocks) if "biopsy" in block.fields), len(shown))
        shown.insert(at, _events())
    return shown


def _shown(form: RecordForm, block: Block) -> ShownBlock:
    fields = [form[name] for name in _there(form, block.fields)]
    return ShownBlock(
        block.title, block.lead, block.when, block.css, block.is_open, block.is_malignancy, False, fields
    )  # fmt: skip


def _there(form: RecordForm, names: Iterable[str]) -> list[str]:
    return [name for name in names if name in form.fields]


def _events() -> ShownBlock:
    return ShownBlock("", "", "", "", True, False, True, [])
