"""Demo Holder B: two CAR-T products, made up; one approval converted to full, one trial extended, one study failed."""

from pv.ops.demo.plan import Act, Authorisation, Holder, Milestone, Product, Promise, Span, Study

AUTOLOGOUS = ("CAR-T (autologous)", "CAR-T(自体)")

PRODUCTS = (
    Product("demo-autoleucel", "演示奥仑赛注射液", AUTOLOGOUS, "CD19", ("gamma-retroviral", "γ-逆转录病毒"), "yes"),
    Product("demo-eqleucel", "演示依仑赛注射液", AUTOLOGOUS, "BCMA", ("lentiviral", "慢病毒"), "yes"),
)

STUDIES = (
    Study(
        "DEMO-B-301",
        "confirmatory",
        (
            "Randomised phase 3 trial of demo-autoleucel in second-line large B-cell lymphoma",
            "演示奥仑赛注射液用于二线大B细胞淋巴瘤的随机对照III期临床试验",
        ),
        ("demo-autoleucel",),
        planned=110,
        enrolled=74,
        milestones=(
            Milestone("first_consent", Span(-26), reached=Span(-26, -3)),
            Milestone("half_enrolled", Span(-8), reached=Span(-7)),
            Milestone("last_patient_in", Span(4), forecast=Span(6)),
            Milestone("study_complete", Span(14), forecast=Span(16)),
        ),
    ),
    Study(
        "DEMO-B-302",
        "confirmatory",
        (
            "Single-arm confirmatory trial of demo-autoleucel in mantle cell lymphoma",
            "演示奥仑赛注射液用于套细胞淋巴瘤的单臂确证性临床试验",
        ),
        ("demo-autoleucel",),
        planned=50,
        enrolled=31,
        milestones=(
            Milestone("half_enrolled", Span(-14), reached=Span(-11)),
            Milestone("last_patient_in", Span(-2), forecast=Span(3)),
        ),
    ),
    Study(
        "DEMO-B-303",
        "confirmatory",
        (
            "Randomised phase 3 trial of demo-eqleucel in multiple myeloma",
            "演示依仑赛注射液用于多发性骨髓瘤的随机对照III期临床试验",
        ),
        ("demo-eqleucel",),
        planned=140,
        enrolled=140,
        milestones=(
            Milestone("last_patient_in", Span(-30), reached=Span(-31)),
            Milestone("study_complete", Span(-16), reached=Span(-17)),
            Milestone("report_filed", Span(-14), reached=Span(-15)),
        ),
    ),
    Study(
        "DEMO-B-LTFU",
        "follow_up",
        ("Fifteen-year follow-up of all treated patients", "全部受治患者15年长期随访研究"),
        ("demo-autoleucel", "demo-eqleucel"),
        planned=400,
        enrolled=168,
    ),
    Study(
        "DEMO-B-RWS",
        "real_world",
        ("Real-world study of early outpatient use", "门诊早期应用真实世界研究"),
        ("demo-eqleucel",),
        planned=80,
        enrolled=12,
    ),
)

SECOND_LINE = Authorisation(
    "demo-autoleucel/LBCL-2L",
    "demo-autoleucel",
    (
        "Adults with large B-cell lymphoma refractory to, or relapsed within 12 months of, first-line therapy",
        "一线免疫化疗无效或12个月内复发的大B细胞淋巴瘤成人患者",
    ),
    "conditional",
    "DEMO-S0101",
    approved=Span(-30),
    promises=(
        Promise(
            "PMR-B-01",
            "confirmatory_trial",
            ("Confirmatory trial in second-line large B-cell lymphoma", "二线大B细胞淋巴瘤确证性临床试验"),
            "本品为附条件批准上市。应在批准后42个月内完成确证性临床试验(方案编号DEMO-B-301),并以补充申请提交研究结果。",
            "ra",
            due=Span(42),
            study="DEMO-B-301",
            page="1",
            forecast=Span(16),
            acts=(
                Act(
                    "extend",
                    Span(18),
                    "补充申请批准通知书 DEMO-5120",
                    "Enrolment stopped for five months while a site moved / 因中心搬迁暂停入组5个月",
                ),
            ),
        ),
        Promise(
            "PMR-B-02",
            "follow_up_study",
            ("Long-term follow-up: three-year interim report", "长期随访研究:3年中期报告"),
            "应对接受治疗的全部患者开展不少于15年的长期随访,并于批准后3年提交中期报告。",
            "clinops",
            due=Span(36),
            study="DEMO-B-LTFU",
            page="1",
        ),
        Promise(
            "PMR-B-03",
            "periodic_report",
            ("Annual drug report", "药品年度报告"),
            "应按年度提交药品年度报告。",
            "ra",
            rule="CN-ANNUAL",
            rule_from=Span(30, 5),
        ),
    ),
)

MANTLE_CELL = Authorisation(
    "demo-autoleucel/MCL",
    "demo-autoleucel",
    (
        "Adults with mantle cell lymphoma that relapsed after a BTK inhibitor",
        "经BTK抑制剂治疗后复发的套细胞淋巴瘤成人患者",
    ),
    "conditional",
    "DEMO-S0102",
    approved=Span(-46),
    promises=(
        Promise(
            "PMR-B-04",
            "confirmatory_trial",
            ("Confirmatory trial in mantle cell lymphoma", "套细胞淋巴瘤确证性临床试验"),
            "本品为附条件批准上市。应在批准后4年内完成确证性临床试验(方案编号DEMO-B-302),并以补充申请提交研究结果。",
            "ra",
            due=Span(48),
            study="DEMO-B-302",
            page="1",
            forecast=Span(8),
        ),
        Promise(
            "PMR-B-05",
            "risk_management",
            ("Letter to professionals on late infections", "关于迟发感染的致医务人员函"),
            "应向治疗医院发送关于迟发感染风险的致医务人员函。",
            "officer",
            due=Span(45),
            page="2",
        ),
    ),
)

MYELOMA = Authorisation(
    "demo-eqleucel/RRMM-3L",
    "demo-eqleucel",
    (
        "Adults with relapsed or refractory multiple myeloma after at least two lines of therapy",
        "既往至少二线治疗后复发或难治性多发性骨髓瘤成人患者",
    ),
    "full",
    "DEMO-S0103",
    approved=Span(-57),
    promises=(
        Promise(
            "PMR-B-06",
            "confirmatory_trial",
            ("Confirmatory trial in multiple myeloma", "多发性骨髓瘤确证性临床试验"),
            "附条件批准时要求:应在批准后4年内完成确证性临床试验(方案编号DEMO-B-303),并以补充申请提交研究结果。",
            "ra",
            due=Span(48),
            study="DEMO-B-303",
            page="1",
            acts=(
                Act("submit", Span(-15), "受理通知书 DEMO-6001"),
                Act("fulfil", Span(-3), "补充申请批准通知书 DEMO-6001-B"),
            ),
        ),
        Promise(
            "PMR-B-07",
            "real_world_study",
            ("Real-world study of outpatient use", "门诊应用真实世界研究"),
            "应在批准后5年内完成门诊应用真实世界研究并提交报告。",
            "clinops",
            due=Span(60),
            study="DEMO-B-RWS",
            page="2",
            acts=(
                Act(
                    "fail",
                    Span(-1),
                    "内部决议 DEMO-QM-17",
                    "Too few patients could be enrolled; the study was ended / 入组困难,研究终止",
                ),
            ),
        ),
        Promise(
            "PMR-B-08",
            "follow_up_study",
            ("Long-term follow-up: five-year interim report", "长期随访研究:5年中期报告"),
            "应对接受治疗的全部患者开展不少于15年的长期随访,并于批准后5年提交中期报告。",
            "clinops",
            due=Span(60),
            study="DEMO-B-LTFU",
            page="1",
            forecast=Span(2),
        ),
    ),
)

HOLDER = Holder(PRODUCTS, STUDIES, (SECOND_LINE, MANTLE_CELL, MYELOMA))
