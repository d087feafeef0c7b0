"""Finding out who somebody is; changing memberships."""

from datetime import date
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import Membership, Party, User
from pv.accounts.policy import Access, check_can
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import DomainError


def access_of(user: User, *, prefer: UUID | None = None) -> Access:
    """The roles of `user` today, asked before any context stands, or by themselves: others' are shown to nobody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation_id, role FROM accounts_memberships_of(%s)", [user.pk])
        rows = cursor.fetchall()
    roles: dict[UUID, set[Role]] = {}
    for organisation, role in rows:
        roles.setdefault(organisation, set()).add(Role(role))
    current = prefer if prefer in roles else next(iter(roles), None)
    return Access(user.pk, {key: frozenset(held) for key, held in roles.items()}, current)


def check_may(by: User, verb: str, organisation: UUID) -> None:
    """The gate services stand behind, whichever door was used: NotAllowed unless `by` may do `verb` there today."""
    check_can(access_of(by), verb, organisation)


@transaction.atomic
def add_membership(
    *, user: User, organisation: UUID, role: Role, party: Party | None = None, starts_on: date = date(2020, 1, 1)
) -> Membership:
    """Let `user` work for `organisation` in `role`; a second time changes nothing."""
    with writing_for(organisation):
        membership, _new = Membership.objects.get_or_create(
            organisation_id=organisation, user=user, role=role, defaults={"party": party, "starts_on": starts_on}
        )
    return membership


@transaction.atomic
def add_person(
    *,
    by: User,
    organisation: UUID,
    email: str,
    name: str,
    language: str,
    role: Role,
    password: str = "",
    starts_on: date | None = None,
) -> User:
    """Let somebody work for the organisation; who has an account elsewhere keeps it, with name and password.

    Whether the account was there before is told to nobody: afterwards the two are colleagues and see each other.
    """
    check_may(by, "people.write", organisation)
    address = email.strip().lower()
    if not address:
        raise DomainError(_("This must be given."), code="required", field="email")
    with writing_for(organisation):
        user, _new = User.objects.get_or_create(
            email=address,
            defaults={
                "name": name.strip() or address,
                "language": language,
                "password": make_password(password or None),
            },
        )
        Membership.objects.get_or_create(
            organisation_id=organisation, user=user, role=role, defaults={"starts_on": starts_on or clock.today()}
        )
    return user


def may_change_person(by: Access, person: User) -> bool:
    """One account serves every organisation, so it is changed only by who administers all of them.

    Memberships that ended or are yet to begin count as well, and so do those of a person who was switched off.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_works_only_for(%s, %s)", [person.pk, by.anywhere("people.write")])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def choose_language(*, user: User, language: str) -> None:
    """Remember the language this person reads in."""
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])
