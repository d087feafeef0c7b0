"""Demo Holder A: two CAR-T products and one AAV product, all made up; each state of an obligation occurs."""

from pv.ops.demo.plan import Act, Authorisation, Holder, Milestone, Product, Promise, Span, Study

AUTOLOGOUS = ("CAR-T (autologous)", "CAR-T(自体)")

PRODUCTS = (
    Product("demo-cel", "演示仑赛注射液", AUTOLOGOUS, "CD19", ("lentiviral", "慢病毒"), "yes"),
    Product("demo-maleucel", "演示马仑赛注射液", AUTOLOGOUS, "BCMA", ("lentiviral", "慢病毒"), "yes"),
    Product(
        "demo-parvovec",
        "演示帕伏注射液",
        ("AAV gene therapy", "腺相关病毒基因治疗"),
        "FIX",
        ("AAV5", "腺相关病毒5型"),
        "no",
    ),
)

STUDIES = (
    Study(
        "DEMO-A-301",
        "confirmatory",
        (
            "Randomised phase 3 trial of demo-cel against salvage therapy in second-line large B-cell lymphoma",
            "演示仑赛注射液对比挽救治疗用于二线大B细胞淋巴瘤的随机对照III期临床试验",
        ),
        ("demo-cel",),
        planned=90,
        enrolled=38,
        milestones=(
            Milestone("first_consent", Span(-34), reached=Span(-33)),
            Milestone("half_enrolled", Span(-16), moved=Span(0, -9), forecast=Span(3)),
            Milestone("last_patient_in", Span(-6), moved=Span(2), forecast=Span(9)),
            Milestone("study_complete", Span(3), forecast=Span(12)),
        ),
    ),
    Study(
        "DEMO-A-302",
        "confirmatory",
        (
            "Single-arm confirmatory trial of demo-cel in follicular lymphoma",
            "演示仑赛注射液用于滤泡性淋巴瘤的单臂确证性临床试验",
        ),
        ("demo-cel",),
        planned=60,
        enrolled=44,
        milestones=(
            Milestone("first_consent", Span(-12), reached=Span(-12, -5)),
            Milestone("half_enrolled", Span(-3), reached=Span(-4)),
            Milestone("last_patient_in", Span(6), forecast=Span(5)),
            Milestone("study_complete", Span(30)),
        ),
    ),
    Study(
        "DEMO-A-303",
        "confirmatory",
        (
            "Randomised phase 3 trial of demo-maleucel in relapsed or refractory multiple myeloma",
            "演示马仑赛注射液用于复发难治性多发性骨髓瘤的随机对照III期临床试验",
        ),
        ("demo-maleucel",),
        planned=120,
        enrolled=97,
        milestones=(
            Milestone("first_consent", Span(-40), reached=Span(-38)),
            Milestone("half_enrolled", Span(-24), reached=Span(-17)),
            Milestone("last_patient_in", Span(-9), moved=Span(1), forecast=Span(2)),
            Milestone("report_filed", Span(-1, -5), forecast=Span(7)),
        ),
    ),
    Study(
        "DEMO-A-LTFU",
        "follow_up",
        (
            "Fifteen-year follow-up of patients treated with demo-cel or demo-maleucel",
            "接受演示仑赛注射液或演示马仑赛注射液治疗患者的15年长期随访研究",
        ),
        ("demo-cel", "demo-maleucel"),
        planned=600,
        enrolled=212,
    ),
    Study(
        "DEMO-A-RWS",
        "real_world",
        ("Real-world study of demo-cel in routine care", "演示仑赛注射液真实世界研究"),
        ("demo-cel",),
        planned=300,
        enrolled=300,
        milestones=(
            Milestone("last_patient_in", Span(-20), reached=Span(-21)),
            Milestone("report_filed", Span(-8, -10), reached=Span(-9)),
        ),
    ),
    Study(
        "DEMO-A-AAV5Y",
        "follow_up",
        ("Five-year follow-up after demo-parvovec", "演示帕伏注射液给药后5年长期随访研究"),
        ("demo-parvovec",),
        planned=40,
        enrolled=17,
        milestones=(Milestone("last_patient_in", Span(10)),),
    ),
)

LBCL = Authorisation(
    "demo-cel/LBCL-3L",
    "demo-cel",
    (
        "Adults with large B-cell lymphoma, relapsed or refractory after two or more lines of systemic therapy",
        "既往接受二线或以上系统性治疗后复发或难治性大B细胞淋巴瘤成人患者",
    ),
    "conditional",
    "DEMO-S0001",
    approved=Span(-44),
    promises=(
        Promise(
            "PMR-A-01",
            "confirmatory_trial",
            ("Confirmatory trial in large B-cell lymphoma", "大B细胞淋巴瘤确证性临床试验"),
            "本品为附条件批准上市。应在批准后4年内完成确证性临床试验(方案编号DEMO-A-301),并以补充申请提交研究结果。",
            "ra",
            due=Span(48),
            study="DEMO-A-301",
            page="1",
            forecast=Span(13),
        ),
        Promise(
            "PMR-A-02",
            "follow_up_study",
            ("Long-term follow-up: five-year interim report", "长期随访研究:5年中期报告"),
            "应对接受治疗的全部患者开展不少于15年的长期随访,并于批准后5年提交中期报告。",
            "clinops",
            due=Span(60),
            study="DEMO-A-LTFU",
            page="1",
        ),
        Promise(
            "PMR-A-03",
            "real_world_study",
            ("Real-world study in routine care", "真实世界研究"),
            "应在批准后3年内完成不少于300例患者的真实世界研究并提交报告。",
            "ra",
            due=Span(36),
            study="DEMO-A-RWS",
            page="2",
            acts=(Act("submit", Span(-9), "受理通知书 DEMO-2201"),),
        ),
        Promise(
            "PMR-A-04",
            "risk_management",
            ("Training of all treating hospitals", "治疗医院人员培训"),
            "应在批准后1年内完成所有治疗医院的医务人员培训,并提交培训总结。",
            "officer",
            due=Span(12),
            page="2",
            acts=(Act("submit", Span(-33), "受理通知书 DEMO-1107"), Act("fulfil", Span(-30), "审评意见 DEMO-1107-2")),
        ),
    ),
)

FOLLICULAR = Authorisation(
    "demo-cel/FL-2L",
    "demo-cel",
    (
        "Adults with follicular lymphoma that is refractory, or relapsed within 24 months, after second-line therapy",
        "二线治疗后难治或24个月内复发的滤泡性淋巴瘤成人患者",
    ),
    "conditional",
    "DEMO-S0002",
    approved=Span(-13),
    promises=(
        Promise(
            "PMR-A-05",
            "confirmatory_trial",
            ("Confirmatory trial in follicular lymphoma", "滤泡性淋巴瘤确证性临床试验"),
            "本品为附条件批准上市。应在批准后4年内完成确证性临床试验(方案编号DEMO-A-302),并以补充申请提交研究结果。",
            "ra",
            due=Span(48),
            study="DEMO-A-302",
            page="1",
            forecast=Span(33),
        ),
        Promise(
            "PMR-A-06",
            "confirmatory_trial",
            ("Confirmatory cohort of older patients", "老年患者确证性队列"),
            "应补充65岁以上患者队列的确证性数据,完成时间与审评机构沟通确定。",
            "ra",
            rule="CN-CA-MAX",
            page="1",
        ),
        Promise(
            "PMR-A-07",
            "periodic_report",
            ("Periodic safety update report, first year", "定期安全性更新报告(第1年)"),
            "自取得批准证明文件之日起每满1年提交一次定期安全性更新报告。",
            "officer",
            rule="CN-PSUR-DUE",
            rule_from=Span(12, -1),
        ),
    ),
)

MYELOMA = Authorisation(
    "demo-maleucel/RRMM-4L",
    "demo-maleucel",
    (
        "Adults with relapsed or refractory multiple myeloma after at least three lines of therapy",
        "既往至少三线治疗后复发或难治性多发性骨髓瘤成人患者",
    ),
    "conditional",
    "DEMO-S0003",
    approved=Span(-49),
    promises=(
        Promise(
            "PMR-A-08",
            "confirmatory_trial",
            ("Confirmatory trial in multiple myeloma", "多发性骨髓瘤确证性临床试验"),
            "本品为附条件批准上市。应在批准后4年内完成确证性临床试验(方案编号DEMO-A-303),并以补充申请提交研究结果。",
            "ra",
            due=Span(48),
            study="DEMO-A-303",
            page="1",
            forecast=Span(7),
        ),
        Promise(
            "PMR-A-09",
            "risk_management",
            ("Patient alert cards at every hospital", "患者提示卡发放至各医院"),
            "应在说明书更新后向各治疗医院发放患者提示卡。",
            "officer",
            agreed=Span(0, -6),
            page="2",
        ),
        Promise(
            "PMR-A-10",
            "other",
            ("Additional report on replication-competent lentivirus", "复制型慢病毒补充研究报告"),
            "应提交临床样本复制型慢病毒检测的补充研究报告。",
            "qa",
            due=Span(54),
            page="2",
            acts=(
                Act(
                    "waive",
                    Span(-2),
                    "审评机构复函 DEMO-3310",
                    "The release tests already submitted were accepted / 已提交的放行检测数据被接受",
                ),
            ),
        ),
        Promise(
            "PMR-A-11",
            "follow_up_study",
            ("Long-term follow-up: five-year interim report", "长期随访研究:5年中期报告"),
            "应对接受治疗的全部患者开展不少于15年的长期随访,并于批准后5年提交中期报告。",
            "clinops",
            due=Span(60),
            study="DEMO-A-LTFU",
            page="1",
            forecast=Span(10),
        ),
    ),
)

HAEMOPHILIA = Authorisation(
    "demo-parvovec/HB",
    "demo-parvovec",
    ("Adults with severe haemophilia B", "重型血友病B成人患者"),
    "full",
    "DEMO-S0004",
    approved=Span(-20),
    promises=(
        Promise(
            "PMR-A-12",
            "follow_up_study",
            ("Five-year follow-up of treated patients", "受试者5年长期随访"),
            "应对接受治疗的患者开展5年长期随访,并在批准后6年内提交总结报告。",
            "clinops",
            due=Span(72),
            study="DEMO-A-AAV5Y",
            page="1",
        ),
        Promise(
            "PMR-A-13",
            "other",
            ("Validated assay for neutralising antibodies", "中和抗体检测方法学验证"),
            "应在批准后2年内提交中和抗体检测方法的验证资料。",
            "qa",
            due=Span(24),
            page="2",
            forecast=Span(3),
            acts=(
                Act("submit", Span(-3), "受理通知书 DEMO-4402"),
                Act(
                    "return",
                    Span(-1),
                    "补充资料通知 DEMO-4402-1",
                    "Inter-laboratory data of one site are missing / 缺少一家实验室的室间比对数据",
                ),
            ),
        ),
    ),
)

HOLDER = Holder(PRODUCTS, STUDIES, (LBCL, FOLLICULAR, MYELOMA, HAEMOPHILIA))
