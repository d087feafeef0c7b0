"""What forms about records share: refusals beside their field, blocks of one idea each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel
from pv.core.days import check_plausible
from pv.core.errors import DomainError
from pv.web.forms.fields import DayField

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Refusable(forms.Form):
    """A form whose service may refuse."""

    def refuse(self, error: DomainError) -> None:
        """Put a service's refusal beside the field it names, or on top."""
        field = error.field if error.field in self.fields else None
        self.add_error(field, error.message)


@dataclass(frozen=True, slots=True)
class Block:
    """One idea of a long form: its heading, a line of advice, the names of its fields."""

    legend: "StrOrPromise"
    names: tuple[str, ...]
    hint: "StrOrPromise" = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Laid:
    """A block with its fields, as the page shows it."""

    block: Block
    fields: list[BoundField]


class RecordForm(Refusable):
    """A form for something new. It is recorded for the organisation it was opened in."""

    blocks: ClassVar[tuple[Block, ...]]

    organisation = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        organisation: UUID,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={"organisation": organisation} | (initial or {}))
        self.where = organisation
        self.prepare()
        self.order_fields([name for block in self.blocks for name in block.names])

    def prepare(self) -> None:
        """Fill in the choices of this organisation."""

    def laid(self) -> list[Laid]:
        """The blocks in their order."""
        return [Laid(block, [self[name] for name in block.names]) for block in self.blocks]

    def asks_to_look(self) -> bool:
        """Whether something has to be seen before it is saved."""
        return False

    def twin(self) -> TenantModel | None:
        """The very same record, where it stands already: then a click came twice."""
        raise NotImplementedError


CHOOSE = _("please choose")


def among_own(label: "StrOrPromise", *, hint: "StrOrPromise" = "", required: bool = True) -> forms.ChoiceField:
    """A choice whose options the organisation's rows give."""
    return forms.ChoiceField(label=label, help_text=hint, required=required)


def choose(form: forms.Form, name: str, among: Sequence[tuple[str, Any]]) -> None:
    """Give a field its choices."""
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = among


def plausible(form: forms.Form, *names: str) -> None:
    """Answer a mistyped year beside its field, where no service looks for it."""
    for name in names:
        day = form.cleaned_data.get(name)
        if day is not None:
            try:
                check_plausible(day, name)
            except DomainError as error:
                form.add_error(name, error.message)


def offer_today(form: forms.Form, name: str, today: date) -> None:
    """The button that fills in today."""
    day = form.fields[name]
    if isinstance(day, DayField):
        day.today = today


def as_id(text: str) -> UUID | None:
    """A choice's row; None for none."""
    return UUID(text) if text else None
