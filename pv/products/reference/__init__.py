"""The register of real approvals and the pipeline's figures, read from their files; plain values, no database."""

from pv.products.reference.bound import YEARS_AT_MOST, ComputedBound, computed_bound
from pv.products.reference.pipeline import CountUnit, Pipeline, PipelineFigure, Section, Stage, read_pipeline
from pv.products.reference.register import Alias, Authorisation, Evidence, HolderName, Register, folded, read_register
from pv.products.reference.words import (
    AliasKind,
    AliasLanguage,
    Certainty,
    DatePrecision,
    HowRead,
    Integrating,
    Kind,
    NameKind,
    Therapy,
    Wording,
)

__all__ = [
    "YEARS_AT_MOST",
    "Alias",
    "AliasKind",
    "AliasLanguage",
    "Authorisation",
    "Certainty",
    "ComputedBound",
    "CountUnit",
    "DatePrecision",
    "Evidence",
    "HolderName",
    "HowRead",
    "Integrating",
    "Kind",
    "NameKind",
    "Pipeline",
    "PipelineFigure",
    "Register",
    "Section",
    "Stage",
    "Therapy",
    "Wording",
    "computed_bound",
    "folded",
    "read_pipeline",
    "read_register",
]
