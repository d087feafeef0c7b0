"""Samples after a new malignancy: instruction sent, specimens collected, slides borrowed, the rest said not to be had.

Of what is fresh some is still open, one thing is late: that is what the work list is shown with.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from pv.biosamples import services as biosamples
from pv.biosamples.models import SamplingRequest
from pv.ops.demo.people import SHANGHAI
from pv.ops.demo.plan import Words
from pv.ops.demo.population.stage import Stage
from pv.ops.demo.population.stories import Loan, Record, Story, days

FRESH_DAYS = 20
"""A report younger than this is still being worked on."""
# What is still open of a report of these days, by scene; anything else of it was collected.
STILL_OPEN = {"t_cell": ("marrow", "tumour_fresh"), "aml": ("plasma", "germline"), "taken": ("*",)}
UNDER_WAY = ("t_cell", "blood")
"""Drawn yesterday, with the courier today."""
QUANTITIES: dict[str, tuple[Decimal, str]] = {
    "blood": (Decimal(20), "ml"),
    "plasma": (Decimal(4), "ml"),
    "marrow": (Decimal(3), "ml"),
    "germline": (Decimal(2), "swab"),
    "tumour_ffpe": (Decimal(15), "section"),
    "tumour_fresh": (Decimal(30), "mg"),
}
NONE_LEFT: Words = ("None left: used up or never retained", "已无留样:已用尽或未曾留存")
AT_SITE: Words = (
    "Stained at the hospital with T-cell markers; report on file",
    "已在医院本地完成T细胞标志物染色,报告存档",
)
BORROWED = ("at_event", "tumour_ffpe")
BORROWER: Words = ("Sample manager (demo)", "样本管理员(演示)")


def answer_requests(stage: Stage, story: Story, record: Record, cause: UUID, moment: datetime) -> None:
    """Put on the agenda what is done about the samples that this report asks for."""
    tumour = record.tumour
    if tumour is None or (record.handling.hours is not None and story.scene != "taken"):
        return
    stage.agenda.at(moment + timedelta(hours=5), _instruct(stage, cause))
    if story.scene == "taken":
        return
    fresh = moment > stage.now - timedelta(days=FRESH_DAYS)
    stage.agenda.at(moment + timedelta(days=1, hours=2), lambda: _plan(stage, story, cause, moment, fresh=fresh))
    for loan in story.loans:
        stage.agenda.on(loan.lent_on, _lend(stage, story, loan, cause), hour=15)


def _instruct(stage: Stage, cause: UUID) -> Callable[[], None]:
    def write() -> None:
        with stage.acting("officer") as by:
            biosamples.instruction_given(cause=cause, by=by)

    return write


def _plan(stage: Stage, story: Story, cause: UUID, moment: datetime, *, fresh: bool) -> None:
    """Decide about each request that is open a day after the report."""
    open_now = stage.open_requests(cause)
    waiting = STILL_OPEN.get(story.scene, ()) if fresh else ()
    lent = any(loan.returned_on is None or not fresh for loan in story.loans)
    for at, request in enumerate(open_now):
        if request.material in waiting or (request.material == "tumour_ffpe" and lent):
            continue
        if request.timing == "before_treatment":
            if request.material == "germline":
                _collect(stage, story, request, moment.astimezone(SHANGHAI).date() + days(3), at)
            else:
                stage.agenda.at(moment + timedelta(days=2), _gone(stage, request.pk))
        elif request.timing == "after_event":
            _collect(stage, story, request, request.due_on - days(4), at)
        elif request.material == "tumour_ffpe":
            stage.agenda.at(moment + timedelta(days=4), _at_site(stage, request.pk))
        else:
            on = moment.astimezone(SHANGHAI).date() + days(2 + at % 3)
            if (story.scene, request.material) == UNDER_WAY:
                on = stage.agenda.today - days(1)
            _collect(stage, story, request, on, at)


def _gone(stage: Stage, request: UUID) -> Callable[[], None]:
    def write() -> None:
        if stage.is_open(request):
            with stage.acting("samples") as by:
                biosamples.not_available(by=by, request_id=request, reason=stage.say(NONE_LEFT))

    return write


def _at_site(stage: Stage, request: UUID) -> Callable[[], None]:
    def write() -> None:
        if stage.is_open(request):
            with stage.acting("samples") as by:
                biosamples.meet_at_site(by=by, request_id=request, reason=stage.say(AT_SITE))

    return write


def _collect(stage: Stage, story: Story, request: SamplingRequest, on: date, at: int) -> None:
    """Taken at the hospital, sent the next day, stored at the bank two days later, as far as that has come."""
    code = f"{story.code}-E{at + 1}-{str(request.pk)[-4:].upper()}"
    quantity, unit = QUANTITIES.get(request.material, (Decimal(1), "vial"))
    made: list[UUID] = []

    def collect() -> None:
        if not stage.is_open(request.pk):
            return
        with stage.acting("samples") as by:
            specimen = biosamples.collect(
                by=by,
                code=code,
                request_id=request.pk,
                holder_id=stage.parties[story.centre],
                quantity=quantity,
                unit=unit,
                route="clinical",
                route_evidence="DEMO-CL",
            )
        made.append(specimen.pk)

    def step(what: str, place: str = "") -> Callable[[], None]:
        def write() -> None:
            for specimen in made:
                with stage.acting("samples") as by:
                    biosamples.move(
                        by=by, specimen_id=specimen, what=what, holder_id=stage.parties["bank"], place=place
                    )

        return write

    stage.agenda.on(on, collect, hour=9)
    stage.agenda.on(on + days(1), step("sent"), hour=17)
    stage.agenda.on(on + days(3), step("received"), hour=9)
    stage.agenda.on(on + days(3), step("stored", f"F-80-2 / {at + 1}"), hour=10)


def _lend(stage: Stage, story: Story, loan: Loan, cause: UUID) -> Callable[[], None]:
    def write() -> None:
        wanted = [one for one in stage.open_requests(cause) if (one.timing, one.material) == BORROWED]
        with stage.acting("samples") as by:
            row = biosamples.lend(
                by=by,
                organisation=stage.organisation,
                patient_id=stage.cast[story.code].patient.pk,
                kind=loan.kind,
                pieces=loan.pieces,
                lender_id=stage.parties[story.centre],
                borrower=stage.say(BORROWER),
                lent_on=loan.lent_on,
                return_by=loan.return_by,
                pathology_number=loan.number,
                deposit=Decimal(2000) if loan.kind == "block" else None,
                request_id=wanted[0].pk if wanted else None,
            )
        if loan.returned_on:
            stage.agenda.on(loan.returned_on, _returned(stage, row.pk, loan.returned_on), hour=15)

    return write


def _returned(stage: Stage, loan: UUID, on: date) -> Callable[[], None]:
    def write() -> None:
        with stage.acting("samples") as by:
            biosamples.return_loan(by=by, loan_id=loan, returned_on=on)

    return write
