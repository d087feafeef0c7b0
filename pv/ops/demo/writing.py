"""Writes a made-up holder through the same services people use. What stands already is left as it is."""

from datetime import date
from typing import Any
from uuid import UUID

from pv.accounts.models import User
from pv.core.days import Duration, Unit, add
from pv.obligations import services as obligations
from pv.obligations.models import Obligation
from pv.ops.demo import plan
from pv.ops.demo.people import HOMES, ORGANISATIONS
from pv.ops.demo.plan import Setting
from pv.products import services as products
from pv.products.models import Authorisation, Product, Study

# An approval falls a few days later or earlier with each seed; every date counted from it moves along.
DAYS_BY_SEED = 4
PATIENTS_BY_SEED = 6
SITES_OPENED_LATE = "Two sites opened later than planned / 两家中心启动晚于计划"


class Writer:
    """One holder's rows, written by its regulatory affairs."""

    def __init__(self, organisation: UUID, setting: Setting) -> None:
        self.organisation, self.setting = organisation, setting
        self.by = self.person("ra")
        self.written = 0

    def person(self, local: str) -> User:
        return User.objects.get(email=f"{local}@{HOMES[self.organisation].domain}")

    def write(self, holder: plan.Holder) -> int:
        """Write everything that is not there yet; how many products, studies, authorisations."""
        for product in holder.products:
            if not self._has(Product, key=product.key):
                self.product(product)
        for study in holder.studies:
            if not self._has(Study, protocol=study.protocol):
                self.study(study)
        for authorisation in holder.authorisations:
            if not self._has(Authorisation, key=authorisation.key):
                self.authorisation(authorisation)
        return self.written

    def _has(self, model: type[Product] | type[Study] | type[Authorisation], **name: str) -> bool:
        there: bool = model.objects.for_organisations([self.organisation]).filter(**name).exists()
        self.written += not there
        return there

    def _id(self, model: type[Product] | type[Study], **name: str) -> UUID:
        pk: UUID = model.objects.for_organisations([self.organisation]).get(**name).pk
        return pk

    def product(self, product: plan.Product) -> None:
        products.record_product(
            by=self.by,
            organisation=self.organisation,
            key=product.key,
            inn=product.key,
            generic_zh=product.generic_zh,
            product_class=product.product_class[0],
            product_class_zh=product.product_class[1],
            target=product.target,
            vector=product.vector[0],
            vector_zh=product.vector[1],
            integrating=product.integrating,
        )

    def study(self, study: plan.Study) -> None:
        enrolled = study.enrolled + self.setting.up_to(PATIENTS_BY_SEED, study.protocol)
        made = products.record_study(
            by=self.by,
            organisation=self.organisation,
            protocol=study.protocol,
            kind=study.kind,
            title_en=study.title[0],
            title_zh=study.title[1],
            products=[self._id(Product, key=key) for key in study.products],
            planned_patients=study.planned,
            enrolled_patients=min(enrolled, study.planned),
        )
        for step in study.milestones:
            self.milestone(made, step)

    def milestone(self, study: Study, step: plan.Milestone) -> None:
        on = self.setting.on
        made = obligations.plan_milestone(
            by=self.by,
            organisation=self.organisation,
            study_id=study.pk,
            kind=step.kind,
            planned_on=on(step.planned),
            forecast_on=on(step.forecast) if step.forecast else None,
            owner=self.person("clinops"),
        )
        if step.moved:
            obligations.move_milestone(made.pk, by=self.by, due_on=on(step.moved), reason=SITES_OPENED_LATE)
        if step.reached:
            obligations.reach_milestone(made.pk, by=self.by, reached_on=on(step.reached))

    def authorisation(self, authorisation: plan.Authorisation) -> None:
        approved_on = plan.Span(days=self.setting.up_to(DAYS_BY_SEED, authorisation.key)).after(
            self.setting.on(authorisation.approved)
        )
        (name, name_zh), _kind = ORGANISATIONS[self.organisation]
        facts: products.AuthorisationFacts = {
            "key": authorisation.key,
            "product_id": self._id(Product, key=authorisation.product),
            "holder_en": name,
            "holder_zh": name_zh,
            "indication_en": authorisation.indication[0],
            "indication_zh": authorisation.indication[1],
            "kind": authorisation.kind,
            "approved_on": approved_on,
            "certificate_number": authorisation.certificate,
            "expires_on": add(approved_on, Duration(5, Unit.YEARS)),
            "sources": ["Made up for the demonstration / 为演示虚构"],
        }
        document = f"药品注册证书 {authorisation.certificate} 附件"
        promises = [self._promise(one, approved_on, document) for one in authorisation.promises]
        if authorisation.kind == "conditional":
            opened = obligations.record_conditional_authorisation(
                by=self.by, organisation=self.organisation, promises=promises, **facts
            )[1]
        else:
            made = products.record_authorisation(by=self.by, organisation=self.organisation, **facts)
            opened = [
                obligations.open_obligation(
                    by=self.by, organisation=self.organisation, authorisation_id=made.pk, **promise
                )
                for promise in promises
            ]
        for obligation, promise in zip(opened, authorisation.promises, strict=True):
            for act in promise.acts:
                self.act(obligation, act)

    def _promise(self, promise: plan.Promise, approved_on: date, document: str) -> obligations.Promise:
        wanted: obligations.Promise = {
            "code": promise.code,
            "kind": promise.kind,
            "titles": promise.title,
            "sentence": promise.sentence,
            "document": document,
            "page": promise.page,
            "owner": self.person(promise.owner),
            "forecast_on": self.setting.on(promise.forecast) if promise.forecast else None,
        }
        if promise.study:
            wanted["study_id"] = self._id(Study, protocol=promise.study)
        if promise.rule:
            wanted["rule"] = promise.rule
            wanted["counted_from"] = (promise.rule_from or plan.Span()).after(approved_on)
        elif promise.agreed is not None:
            wanted["due_on"], wanted["due_source"] = self.setting.on(promise.agreed), Obligation.DueSource.AGREED
        elif promise.due is not None:
            wanted["due_on"] = promise.due.after(approved_on)
        return wanted

    def act(self, obligation: Obligation, act: plan.Act) -> None:
        day = self.setting.on(act.on)
        common: dict[str, Any] = {"by": self.by, "evidence": act.evidence}
        match act.what:
            case "submit":
                obligations.submit(obligation.pk, submitted_on=day, **common)
            case "fulfil":
                obligations.fulfil(obligation.pk, decided_on=day, **common)
            case "fail":
                obligations.fail(obligation.pk, decided_on=day, reason=act.reason, **common)
            case "return":
                obligations.return_(obligation.pk, reason=act.reason, **common)
            case "waive":
                obligations.waive(obligation.pk, decided_on=day, reason=act.reason, **common)
            case "extend":
                obligations.change_due(obligation.pk, due_on=day, reason=act.reason, **common)
