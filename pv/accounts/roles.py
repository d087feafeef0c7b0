"""The roles of a holder's pharmacovigilance system. Deputy and on call are entries of the rota, not roles."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a membership lets somebody be; a person may hold several."""

    RECORDER = "recorder", _("recorder")
    SITE_COORDINATOR = "site_coordinator", _("site coordinator")
    PV_OFFICER = "pv_officer", _("PV officer")
    PV_HEAD = "pv_head", _("PV head")
    MEDICAL_REVIEWER = "medical_reviewer", _("medical reviewer")
    REGULATORY_AFFAIRS = "regulatory_affairs", _("regulatory affairs")
    CLINICAL_OPERATIONS = "clinical_operations", _("clinical operations")
    QA_CMC = "qa_cmc", _("QA/CMC")
    SAMPLE_MANAGER = "sample_manager", _("sample manager")
    HGR_OWNER = "hgr_owner", _("genetic-resource owner")
    LEGAL_REPRESENTATIVE = "legal_representative", _("legal representative")
    LABORATORY = "laboratory", _("laboratory")
    AUTHORITY = "authority", _("authority")
    INSPECTOR = "inspector", _("inspector")
    AUDITOR = "auditor", _("auditor")
    ADMINISTRATOR = "administrator", _("administrator")
