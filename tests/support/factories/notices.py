"""What was told to whom, and answered."""

from datetime import timedelta
from typing import Any

import factory

from pv.accounts.context import as_clock
from pv.core import clock
from pv.deadlines.models import Rung
from pv.notices.models import Acknowledgement, Delivery, Message, Notice, Rota
from tests.support.factories.accounts import UserFactory
from tests.support.factories.base import TenantFactory, child
from tests.support.factories.deadlines import DeadlineFactory


class NoticeFactory(TenantFactory):
    class Meta:
        model = Notice

    deadline = child(DeadlineFactory, overdue=True)
    round = 1
    rung = 1
    nth = 1
    tone = Rung.Tone.WARNING
    due_at = factory.SelfAttribute("deadline.due_at")
    rang_for = factory.SelfAttribute("deadline.due_at")
    fired_at = factory.LazyFunction(clock.now)


class MessageFactory(TenantFactory):
    """Only the sender writes these: the row is made in the clock's role."""

    class Meta:
        model = Message

    @classmethod
    def _create(cls, model_class: type, *args: Any, **kwargs: Any) -> Any:
        with as_clock():
            return super()._create(model_class, *args, **kwargs)

    recipient = factory.SubFactory(UserFactory)
    channel = Delivery.Channel.EMAIL


class DeliveryFactory(TenantFactory):
    """Waiting to be mailed; in_app=True stands in its reader's list already."""

    class Meta:
        model = Delivery

    notice = child(NoticeFactory)
    recipient = factory.SubFactory(UserFactory)
    channel = Delivery.Channel.EMAIL
    why = "owner"
    next_attempt_at = factory.LazyFunction(clock.now)

    class Params:
        in_app = factory.Trait(
            channel=Delivery.Channel.IN_APP,
            state=Delivery.State.SENT,
            sent_at=factory.LazyFunction(clock.now),
            next_attempt_at=None,
        )


class AcknowledgementFactory(TenantFactory):
    class Meta:
        model = Acknowledgement

    deadline = child(DeadlineFactory, overdue=True)
    round = 1
    rung = 1
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)
    via = "portal"


class RotaFactory(TenantFactory):
    """On call now; deputy=True stands in for somebody."""

    class Meta:
        model = Rota

    kind = Rota.Kind.ON_CALL
    person = factory.SubFactory(UserFactory)
    starts_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=1))
    ends_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=6))

    class Params:
        deputy = factory.Trait(kind=Rota.Kind.DEPUTY, stands_in_for=factory.SubFactory(UserFactory))
