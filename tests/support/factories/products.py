"""Products, authorisations, studies."""

from datetime import date

import factory

from pv.products.models import Alias, Authorisation, Product, Study, StudyProduct
from tests.support.factories.base import TenantFactory, child


class ProductFactory(TenantFactory):
    class Meta:
        model = Product

    key = factory.Sequence(lambda n: f"cel-{n}")
    inn = factory.Sequence(lambda n: f"testcabtagene {n}")
    generic_zh = factory.Sequence(lambda n: f"试验仑赛注射液{n}")
    product_class = "CAR-T (autologous)"
    product_class_zh = "CAR-T(自体)"
    target = "CD19"
    vector = "lentiviral"
    vector_zh = "慢病毒"
    integrating = Product.Integrating.YES


class AliasFactory(TenantFactory):
    class Meta:
        model = Alias

    product = child(ProductFactory)
    language = Alias.Language.EN
    name = factory.Sequence(lambda n: f"another name {n}")
    kind = "generic"


class AuthorisationFactory(TenantFactory):
    """A full approval; conditional=True brings the confirmatory obligation that the database insists on."""

    class Meta:
        model = Authorisation
        skip_postgeneration_save = True

    product = child(ProductFactory)
    key = factory.LazyAttributeSequence(lambda it, n: f"{it.product.key}/indication-{n}")
    holder_en = "Holder A"
    holder_zh = "持有人甲"
    indication_en = "Adults with relapsed large B-cell lymphoma"
    indication_zh = "复发大B细胞淋巴瘤成人患者"
    kind = Authorisation.Kind.FULL
    kind_certainty = Authorisation.Certainty.CONFIRMED
    status = Authorisation.Status.FULL
    approved_on = date(2024, 3, 1)
    approved_precision = "day"

    class Params:
        conditional = factory.Trait(
            kind=Authorisation.Kind.CONDITIONAL,
            status=Authorisation.Status.CONDITIONAL,
            confirmatory=factory.RelatedFactory(
                "tests.support.factories.ObligationFactory",
                factory_related_name="authorisation",
                organisation_id=factory.SelfAttribute("..organisation_id"),
            ),
        )


class StudyFactory(TenantFactory):
    class Meta:
        model = Study

    protocol = factory.Sequence(lambda n: f"CONF-{n:03}")
    kind = Study.Kind.CONFIRMATORY
    title_en = "A confirmatory trial"
    title_zh = "一项确证性临床试验"
    planned_patients = 90
    enrolled_patients = 38


class StudyProductFactory(TenantFactory):
    class Meta:
        model = StudyProduct

    study = child(StudyFactory)
    product = child(ProductFactory)
