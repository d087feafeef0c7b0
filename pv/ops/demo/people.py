"""The organisations of the demonstration, their parties, their people, and who is on call."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import Argon2PasswordHasher, get_hasher

from pv.accounts.context import writing_for
from pv.accounts.models import Membership, Organisation, Party, User
from pv.accounts.roles import Role
from pv.notices.models import Rota
from pv.ops.demo.plan import Words

HOLDER_A = UUID("01930000-0000-7000-8000-00000000000a")
HOLDER_B = UUID("01930000-0000-7000-8000-00000000000b")
PLATFORM = UUID("01930000-0000-7000-8000-00000000000f")
ORGANISATIONS: dict[UUID, tuple[Words, Organisation.Kind]] = {
    HOLDER_A: (("Demo Holder A (fictional)", "演示持有人甲(虚构)"), Organisation.Kind.HOLDER),
    HOLDER_B: (("Demo Holder B (fictional)", "演示持有人乙(虚构)"), Organisation.Kind.HOLDER),
    PLATFORM: (("Operator of the demonstration", "演示系统运维方"), Organisation.Kind.PLATFORM),
}
PASSWORD = "demo"  # noqa: S105 - meant to be known; production refuses demo users
LAB = ("Demo Lab (fictional)", "演示检测实验室(虚构)")
HOSPITAL = ("Demo Hospital (fictional)", "演示医院(虚构)")
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKS_ON_ROTA = 26

# local part of the address -> role, and how the person is called
PEOPLE: dict[str, tuple[Role, Words]] = {
    "recorder": (Role.RECORDER, ("Recorder", "随访专员")),
    "officer": (Role.PV_OFFICER, ("PV officer", "药物警戒专员")),
    "pvhead": (Role.PV_HEAD, ("PV head", "药物警戒负责人")),
    "reviewer": (Role.MEDICAL_REVIEWER, ("Medical reviewer", "医学评审")),
    "ra": (Role.REGULATORY_AFFAIRS, ("Regulatory affairs", "注册事务")),
    "samples": (Role.SAMPLE_MANAGER, ("Sample manager", "样本管理员")),
    # Deputy is an entry of the rota, not a role: an officer who stands in for the PV head.
    "deputy": (Role.PV_OFFICER, ("Deputy of the PV head", "药物警戒负责人代理人")),
    "qa": (Role.QA_CMC, ("QA/CMC", "质量与药学研究")),
    "legal": (Role.LEGAL_REPRESENTATIVE, ("Legal representative", "法定代表人")),
    "clinops": (Role.CLINICAL_OPERATIONS, ("Clinical operations", "临床运营")),
    "site": (Role.SITE_COORDINATOR, ("Site coordinator", "研究中心协调员")),
    "hgr": (Role.HGR_OWNER, ("Genetic-resource owner", "人类遗传资源负责人")),
}


@dataclass(frozen=True, slots=True)
class Home:
    """Where a holder's people have their addresses, and in which language they work."""

    domain: str
    language: str
    ending: Words

    def name(self, words: Words) -> str:
        at = 1 if self.language.startswith("zh") else 0
        return f"{words[at]} ({self.ending[at]})" if at == 0 else f"{words[at]}({self.ending[at]})"


HOMES = {
    HOLDER_A: Home("demo-a.example", "en", ("demo A", "演示甲")),
    HOLDER_B: Home("demo-b.example", "zh-hans", ("demo B", "演示乙")),
}


def make_organisations() -> int:
    """Write the organisations; only the owner of the tables may. How many were new."""
    made = 0
    for pk, ((name, name_zh), kind) in ORGANISATIONS.items():
        _organisation, new = Organisation.objects.get_or_create(
            pk=pk, defaults={"name": name, "name_zh": name_zh, "kind": kind, "is_demo": True}
        )
        made += new
    return made


def make_people() -> int:
    """Write everybody with their roles; people who are there already are left as they are. How many were new."""
    known = set(User.objects.values_list("email", flat=True))
    for holder, home in HOMES.items():
        hospital = _party(holder, HOSPITAL, Party.Kind.HOSPITAL)
        for local, (role, words) in PEOPLE.items():
            person = _person(f"{local}@{home.domain}", home.name(words), home.language)
            _member(person, holder, role, hospital if role == Role.SITE_COORDINATOR else None)
    lab = _person("lab@demo-lab.example", "Demo Lab", "en")
    authority = _person("authority@authority.example", "Authority (demonstration)", "zh-hans")
    admin = _person("admin@tracker.example", "Administrator (demonstration)", "en")
    for holder in HOMES:
        _member(lab, holder, Role.LABORATORY, _party(holder, LAB, Party.Kind.LABORATORY))
        _member(authority, holder, Role.AUTHORITY)
        _member(admin, holder, Role.ADMINISTRATOR)
    _member(admin, PLATFORM, Role.ADMINISTRATOR)
    _member(_person("auditor@demo-a.example", "Auditor (demo A)", "en"), HOLDER_A, Role.AUDITOR)
    return User.objects.exclude(email__in=known).count()


def make_rota(today: date) -> int:
    """Officer and deputy take turns on call by the week; the deputy stands in for the PV head. How many were new."""
    made = 0
    for holder, home in HOMES.items():
        if Rota.objects.for_organisations([holder]).exists():
            continue
        who = {local: User.objects.get(email=f"{local}@{home.domain}") for local in ("officer", "deputy", "pvhead")}
        monday = datetime.combine(today - timedelta(days=today.weekday()), time(9), tzinfo=SHANGHAI)
        weeks = [monday + timedelta(weeks=week) for week in range(WEEKS_ON_ROTA + 1)]
        entries = [
            Rota(
                organisation_id=holder,
                kind=Rota.Kind.ON_CALL,
                person=who["officer" if week % 2 == 0 else "deputy"],
                starts_at=weeks[week],
                ends_at=weeks[week + 1],
            )
            for week in range(WEEKS_ON_ROTA)
        ]
        entries.append(
            Rota(
                organisation_id=holder,
                kind=Rota.Kind.DEPUTY,
                person=who["deputy"],
                stands_in_for=who["pvhead"],
                starts_at=weeks[0],
                ends_at=weeks[-1],
            )
        )
        with writing_for(holder):
            made += len(Rota.objects.bulk_create(entries))
    return made


@cache
def _hashed() -> str:
    """One hash for everybody, and a cheap one: the password is printed on the log-in page of the demonstration anyway,
    and a made-up past is full of signatures. A log-in replaces it by a hash of the usual strength."""
    hasher = get_hasher()
    if isinstance(hasher, Argon2PasswordHasher):
        hasher = Argon2PasswordHasher()
        hasher.time_cost, hasher.memory_cost, hasher.parallelism = 1, 8, 1
    return hasher.encode(PASSWORD, hasher.salt())


def _person(email: str, name: str, language: str) -> User:
    known = User.objects.filter(email=email).first()
    if known is not None:
        return known
    return User.objects.create(email=email, name=name, language=language, password=_hashed(), is_demo=True)


def _party(holder: UUID, words: Words, kind: Party.Kind) -> Party:
    with writing_for(holder):
        party, _made = Party.objects.get_or_create(
            organisation_id=holder,
            name=words[0],
            defaults={
                "name_zh": words[1],
                "kind": kind,
                "origin": Party.Origin.CHINESE,
                "origin_from": date(2020, 1, 1),
            },
        )
    return party


def _member(person: User, organisation: UUID, role: Role, party: Party | None = None) -> None:
    with writing_for(organisation):
        Membership.objects.get_or_create(
            organisation_id=organisation, user=person, role=role, defaults={"party": party}
        )
