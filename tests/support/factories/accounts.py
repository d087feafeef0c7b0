"""People, parties, memberships."""

from datetime import date

import factory
from django.contrib.auth.hashers import make_password

from pv.accounts.models import Membership, Party, User
from pv.accounts.roles import Role
from tests.support.factories.base import RowFactory, TenantFactory


class UserFactory(RowFactory):
    """A person without any role; MembershipFactory or people.make_user() gives one."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person-{n}@a.example")
    name = factory.Sequence(lambda n: f"Person {n}")
    language = "en"
    password = factory.LazyFunction(lambda: make_password("a long pass phrase"))


class PartyFactory(TenantFactory):
    class Meta:
        model = Party

    name = factory.Sequence(lambda n: f"Hospital {n}")
    name_zh = factory.Sequence(lambda n: f"第{n}医院")
    kind = Party.Kind.HOSPITAL
    origin = Party.Origin.CHINESE
    origin_from = date(2020, 1, 1)

    class Params:
        laboratory = factory.Trait(
            kind=Party.Kind.LABORATORY, name=factory.Sequence(lambda n: f"Laboratory {n}"), name_zh="检测实验室"
        )
        foreign = factory.Trait(origin=Party.Origin.FOREIGN)


class MembershipFactory(TenantFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = Role.PV_OFFICER
