"""How reports go through the holder's house: taken, triaged, assessed, sent to the authority, or stood down."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from pv.ops.demo.people import PASSWORD, SHANGHAI
from pv.ops.demo.plan import Words
from pv.ops.demo.population.requests import answer_requests
from pv.ops.demo.population.stage import Stage
from pv.ops.demo.population.stories import Call, Handling, Record, Story, days
from pv.ops.demo.population.visiting import RELAPSE_SEEN
from pv.safety import services as safety
from pv.safety.models import InboxItem

SENT: Words = ("Acknowledgement of the reporting system, demo", "监测系统提交回执(演示)")
ASKED: Words = ("Asked of hospital and biobank; the report says what is known", "已向医院及样本库核实,报告已据实填写")
INVESTIGATED: Words = ("Investigation report of the death, demo", "死亡病例调查报告(演示)")
REASONING: dict[str, Words] = {
    "possible": (
        "Plausible onset after the infusion; earlier treatment and the disease itself may explain it as well",
        "发生时间与回输存在合理的先后关系,但既往治疗及原发疾病亦可解释",
    ),
    "probable": (
        "Known effect of the product, time course fits, no better explanation",
        "为本品已知反应,时间关系吻合,无其他更合理的解释",
    ),
    "unlikely": (
        "A tumour frequent at this age; earlier treatment and age explain it better than the product",
        "该年龄段常见肿瘤,既往治疗及年龄可解释,与本品关系不大",
    ),
}
KINDS = InboxItem.Kind


class Desk:
    """Whoever receives reports: plans what is done with each, when its day comes."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def receive(self, story: Story, record: Record, reported: object, moment: datetime) -> None:
        """Put on the agenda what follows a report that came in at that moment."""
        if not isinstance(reported, safety.Reported):
            return
        item, handling = reported.item, record.handling
        if item.kind == KINDS.RELAPSE and record.events:
            handling = Handling("not_reportable", triaged_after=1, reason=RELAPSE_SEEN)
        rings = item.kind == KINDS.MALIGNANCY or (record.death is not None and record.death.suspected != "no")
        if rings and handling.taken:
            self.stage.agenda.at(moment + timedelta(minutes=14), self._take(item.pk))
        if handling.triaged_after is not None and handling.outcome:
            self._at(moment, handling.triaged_after, self._triage(story, record, item.pk, moment, handling), hours=1)
        if handling.stood_down_after is not None:
            self._at(moment, handling.stood_down_after, self._stand_down(item.pk, handling))
        if record.tumour:
            answer_requests(self.stage, story, record, item.pk, moment)

    def call(self, call: Call) -> None:
        """A telephone call, written down while it is made."""
        stage = self.stage
        moment = stage.now - timedelta(hours=call.hours)

        def write() -> None:
            with stage.acting("officer") as by:
                safety.quick_intake(
                    by=by,
                    organisation=stage.organisation,
                    submission=stage.token(f"call/{call.hours}"),
                    what=stage.say(call.what),
                    malignancy="suspected",
                    lineage="unknown",
                    source="phone",
                    product_id=stage.products[call.product],
                    patient_text=stage.say(call.patient),
                    biopsy=call.biopsy,
                    biopsy_on=call.biopsy_on,
                    reporter_name=stage.say(call.caller),
                    reporter_institution=stage.say(call.hospital),
                    reporter_phone=call.phone,
                    reporter_consents="yes",
                )

        stage.agenda.at(moment, write)

    def _at(self, moment: datetime, after: int, act: Callable[[], None], *, hours: int = 3) -> None:
        """So many days after the report, within working hours; on its own day some hours later."""
        agenda = self.stage.agenda
        if after == 0:
            agenda.at(moment + timedelta(hours=hours), act)
        else:
            agenda.on(_day(moment) + days(after), act, hour=9)

    def _take(self, item: UUID) -> Callable[[], None]:
        def write() -> None:
            with self.stage.acting("officer") as by:
                safety.take(by=by, item_id=item, via="web")

        return write

    def _triage(
        self, story: Story, record: Record, item: UUID, moment: datetime, handling: Handling
    ) -> Callable[[], None]:
        def write() -> None:
            ended = handling.outcome != "case"
            with self.stage.acting("reviewer") as by:
                triaged = safety.triage(
                    by=by,
                    item_id=item,
                    outcome=handling.outcome,
                    reason=self.stage.say(handling.reason) if ended else "",
                    password=PASSWORD if ended else "",
                )
            if triaged.case is not None and not ended:
                self._work_on(record, triaged.case.pk, moment, handling)

        return write

    def _work_on(self, record: Record, case: UUID, moment: datetime, handling: Handling) -> None:
        if handling.assessed_after is not None and handling.causality:
            self._at(moment, handling.assessed_after, self._assess(case, handling))
        if handling.reported_after is not None:
            on = _day(moment) + days(handling.reported_after)
            self._at(moment, handling.reported_after, self._report(case, on))
            if record.death:
                self._at(moment, handling.reported_after + 10, self._investigated(case))

    def _assess(self, case: UUID, handling: Handling) -> Callable[[], None]:
        def write() -> None:
            with self.stage.acting("reviewer") as by:
                safety.assess(
                    by=by,
                    password=PASSWORD,
                    case_id=case,
                    causality=handling.causality,
                    expected="no" if handling.causality == "unlikely" else "yes",
                    reasoning=self.stage.say(REASONING[handling.causality]),
                )

        return write

    def _report(self, case: UUID, on: date) -> Callable[[], None]:
        def write() -> None:
            with self.stage.acting("officer") as by:
                safety.record_report(by=by, case_id=case, reported_on=on, evidence=self.stage.say(SENT))
                for question in self.stage.open_questions(case):
                    safety.answer_question(by=by, question_id=question, answer=self.stage.say(ASKED))

        return write

    def _investigated(self, case: UUID) -> Callable[[], None]:
        def write() -> None:
            on = _day(self.stage.traveller.shown)
            with self.stage.acting("officer") as by:
                safety.record_investigation(by=by, case_id=case, reported_on=on, evidence=self.stage.say(INVESTIGATED))

        return write

    def _stand_down(self, item: UUID, handling: Handling) -> Callable[[], None]:
        def write() -> None:
            with self.stage.acting("reviewer") as by:
                safety.stand_down(by=by, password=PASSWORD, item_id=item, reason=self.stage.say(handling.reason))

        return write


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
