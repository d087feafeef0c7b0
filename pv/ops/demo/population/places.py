"""Hospitals, call centre, laboratories, courier: names that cannot be mistaken for real ones."""

from pv.ops.demo.people import HOSPITAL, LAB
from pv.ops.demo.population.stories import Centre

# The first hospital is the one whose coordinator has a log-in; the names of it and of the laboratory stand there.
HOSPITALS = (
    Centre("central", HOSPITAL, "hospital", ("Demo Province A", "演示甲省")),
    Centre(
        "east", ("Demo Hospital East (fictional)", "演示东区医院(虚构)"), "hospital", ("Demo Province A", "演示甲省")
    ),
    Centre(
        "south", ("Demo Hospital South (fictional)", "演示南区医院(虚构)"), "hospital", ("Demo Province B", "演示乙省")
    ),
    Centre(
        "west", ("Demo Hospital West (fictional)", "演示西区医院(虚构)"), "hospital", ("Demo Province C", "演示丙省")
    ),
    Centre(
        "north", ("Demo Hospital North (fictional)", "演示北区医院(虚构)"), "hospital", ("Demo Province D", "演示丁省")
    ),
    Centre(
        "lakeside",
        ("Demo Lakeside Blood Centre (fictional)", "演示湖滨血液病院(虚构)"),
        "hospital",
        ("Demo Province B", "演示乙省"),
    ),
)
OTHERS = (
    Centre("call", ("Demo Call Centre (fictional)", "演示随访呼叫中心(虚构)"), "delegate"),
    Centre("lab", LAB, "laboratory"),
    Centre(
        "abroad",
        ("Demo Reference Laboratory (fictional, foreign-controlled)", "演示参比实验室(虚构,外方控股)"),
        "laboratory",
        foreign=True,
    ),
    Centre("bank", ("Demo Biobank (fictional)", "演示生物样本库(虚构)"), "laboratory"),
    Centre("courier", ("Demo Cold Chain Courier (fictional)", "演示冷链物流(虚构)"), "courier"),
)
CENTRES = HOSPITALS + OTHERS
# How many of the patients each hospital treats: one large, some small.
SHARES = (("central", 30.0), ("east", 22.0), ("south", 17.0), ("west", 13.0), ("north", 10.0), ("lakeside", 8.0))
ELSEWHERE = (
    ("a county hospital of Demo Province E (no contract)", "演示戊省某县医院(未签约)"),
    ("a city hospital of Demo Province F (no contract)", "演示己省某市医院(未签约)"),
)
