"""Addresses of this door."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from pv.api.cases import Cases
from pv.api.deadlines import Deadlines, Notices
from pv.api.inbox import Inbox
from pv.api.obligations import Milestones, Obligations
from pv.api.organisations import Organisations
from pv.api.patients import Patients, Treatments
from pv.api.products import Authorisations, Products, Studies
from pv.api.specimens import SamplingRequests, Specimens
from pv.api.tokens import CurrentToken, Tokens
from pv.api.views import SchemaView, nowhere
from pv.api.visits import VisitRecords, Visits

app_name = "api"

router = SimpleRouter()
router.register("organisations", Organisations, "organisation")
router.register("products", Products, "product")
router.register("authorisations", Authorisations, "authorisation")
router.register("studies", Studies, "study")
router.register("obligations", Obligations, "obligation")
router.register("milestones", Milestones, "milestone")
router.register("deadlines", Deadlines, "deadline")
router.register("notices", Notices, "notice")
router.register("specimens", Specimens, "specimen")
router.register("sampling-requests", SamplingRequests, "sampling-request")
router.register("patients", Patients, "patient")
router.register("treatments", Treatments, "treatment")
router.register("visits", Visits, "visit")
router.register("visit-records", VisitRecords, "visit-record")
router.register("inbox", Inbox, "inbox")
router.register("cases", Cases, "case")

urlpatterns = [
    path("tokens/", Tokens.as_view(), name="tokens"),
    path("tokens/current/", CurrentToken.as_view(), name="current-token"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("", include(router.urls)),
    re_path("", nowhere, name="nowhere"),
]
