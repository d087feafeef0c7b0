"""Two rival holders, the operator of the installation, and people with roles in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib.auth.hashers import make_password

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, Membership, Organisation, User
from pv.accounts.roles import Role

HOLDER_A = UUID("0190a000-0000-7000-8000-00000000000a")
HOLDER_B = UUID("0190a000-0000-7000-8000-00000000000b")
OPERATOR = UUID("0190a000-0000-7000-8000-00000000000f")

PASSWORD = "a long pass phrase"

# Organisations are the installation's business: app may not make them, so the template brings these.
ORGANISATIONS_SQL = f"""
SELECT set_config('app.actor', '{SYSTEM}', true), set_config('app.reason', 'test setup', true);
INSERT INTO accounts_organisation (id, name, name_zh, kind, is_demo) VALUES
    ('{HOLDER_A}', 'Holder A', '持有人甲', 'holder', false),
    ('{HOLDER_B}', 'Holder B', '持有人乙', 'holder', false),
    ('{OPERATOR}', 'Operator', '运维方', 'platform', false);
"""


@contextmanager
def setting_up(organisation: UUID = HOLDER_A) -> Iterator[None]:
    """Factories act in here; leave it before the act."""
    with acting_as(SYSTEM, organisation=organisation, organisations=[HOLDER_A, HOLDER_B], reason="test setup"):
        yield


def make_user(
    *roles: Role,
    organisation: UUID | Organisation = HOLDER_A,
    email: str = "",
    name: str = "",
    language: str = "en",
    password: str = PASSWORD,
) -> User:
    """A person holding these roles in an organisation."""
    holder = organisation.pk if isinstance(organisation, Organisation) else organisation
    label = "-".join(roles) or "nobody"
    email = email or f"{label}@{'a' if holder == HOLDER_A else 'b'}.example"
    with setting_up(holder):
        user, _made = User.objects.get_or_create(
            email=email,
            defaults={"name": name or email.split("@")[0], "language": language, "password": make_password(password)},
        )
        for role in roles:
            Membership.objects.get_or_create(organisation_id=holder, user=user, role=role)
    return user
