"""Strict readers for the reference files (CSV and YAML) that come with the product.

A reader never stops at the first mistake: it notes every one with file, line and column, hands out a harmless value
in its place, and `Report.finish` raises one ReferenceFault at the end. What is right with a value is said by the
caller (`row.choice("unit", Unit)`); no word of the field stands here.
"""

from pv.core.reference.documents import YamlRecord, read_yaml
from pv.core.reference.records import Bilingual, Problem, Record, ReferenceFault, Report, check_unique, quoted
from pv.core.reference.sources import HowRead, Source, read_sources
from pv.core.reference.tables import Table, read_csv

__all__ = [
    "Bilingual",
    "HowRead",
    "Problem",
    "Record",
    "ReferenceFault",
    "Report",
    "Source",
    "Table",
    "YamlRecord",
    "check_unique",
    "quoted",
    "read_csv",
    "read_sources",
    "read_yaml",
]
