"""The Chinese catalogue is complete, and nothing on a page stands outside it."""

from io import StringIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings
from django.core.management import CommandError, call_command

from pv.web import messages

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
# Names that read the same in every language.
NAMES = {"Message", "ID", "CSV", "Enter", "中文", "English"}


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return messages.collect(ROOT)


def test_every_text_is_translated_with_its_placeholders(wanted: Catalog) -> None:
    assert messages.faults(wanted, messages.read(CATALOGUE)) == []


def test_writing_the_catalogue_again_loses_nothing(wanted: Catalog, tmp_path: Path) -> None:
    known = messages.read(CATALOGUE)
    messages.write(tmp_path / "django.po", messages.updated(wanted, known))
    again = messages.read(tmp_path / "django.po")
    assert {one.id: one.string for one in again} == {one.id: one.string for one in known}


@pytest.mark.parametrize("template", sorted(ROOT.glob("pv/**/templates/**/*.html")), ids=lambda path: path.name)
def test_no_words_of_a_template_stand_outside_translation(template: Path) -> None:
    assert set(messages.untranslated_in_templates(template.read_text(encoding="utf-8"))) - NAMES == set()


def test_chinese_texts_use_chinese_signs() -> None:
    half = r"[\u4e00-\u9fff][,;:!?]|[,;:!?][\u4e00-\u9fff]"
    import re

    wrong = [one.string for one in messages.read(CATALOGUE) if one.id and re.search(half, str(one.string))]
    assert wrong == []


def test_words_of_the_field() -> None:
    """Practice 8: in hospital coding 继发性恶性肿瘤 means metastasis; "tick", "rung", "spine" never appear."""
    texts = [str(one.string) for one in messages.read(CATALOGUE) if one.id]
    assert not [text for text in texts if "继发性恶性肿瘤" in text]
    known = messages.read(CATALOGUE)
    for english, chinese in {
        "ladder": "逐级提醒与上报方案", "I take it": "我来处理", "recorder": "随访专员", "medical reviewer": "医学评审",
        "no. %(rung)s": "第%(rung)s级", "authority": "监管部门", "conditional approval": "附条件批准",
    }.items():  # fmt: skip
        assert known[english].string == chinese


def a_project(root: Path, python: str = "", template: str = "") -> Path:
    (root / "pv" / "web" / "templates").mkdir(parents=True)
    (root / "pv" / "web" / "views.py").write_text(python, encoding="utf-8")
    (root / "pv" / "web" / "templates" / "page.html").write_text(template, encoding="utf-8")
    return root


PYTHON = '_("plain")\nngettext("%(n)d day", "%(n)d days", n)\npgettext("date", "Due")\ngettext_noop("later")\n'
TEMPLATE = """{% load i18n %}
  <p>{% translate "in a page" %}</p>
    {% blocktranslate trimmed count n=3 %}
      {{ n }} row
    {% plural %}
      {{ n }} rows
    {% endblocktranslate %}
  {{ word|default:_("by default") }}"""


def test_texts_are_collected_from_python_and_templates(tmp_path: Path) -> None:
    found = messages.collect(a_project(tmp_path, PYTHON, TEMPLATE))
    ids = {(one.id, one.context) for one in found if one.id}
    assert ids == {
        ("plain", None), (("%(n)d day", "%(n)d days"), None), ("Due", "date"), ("later", None), ("in a page", None),
        (("%(n)s row", "%(n)s rows"), None), ("by default", None),
    }  # fmt: skip


def test_translations_are_kept_and_what_left_the_source_is_dropped(tmp_path: Path) -> None:
    root = a_project(tmp_path, '_("kept")\n_("new")\n')
    path = tmp_path / "django.po"
    known = Catalog(locale="zh_Hans")
    known.add("kept", "保留")
    known.add("gone", "已删除")
    messages.write(path, messages.updated(messages.collect(root), known))
    again = messages.read(path)
    assert again["kept"].string == "保留"
    assert "gone" not in again
    assert messages.faults(messages.collect(root), again) == ["missing: new"]


def test_every_kind_of_fault_is_found(tmp_path: Path) -> None:
    wanted = messages.collect(a_project(tmp_path, '_("%(a)s b")\n_("c")\n_("d")\n'))
    known = Catalog(locale="zh_Hans")
    known.add("%(a)s b", "%(x)s 乙")
    known.add("c", "丙", flags=["fuzzy"])
    known.add("z", "己")
    assert sorted(messages.faults(wanted, known)) == [
        "fuzzy: c", "left over: z", "missing: d", "other placeholders: %(a)s b",
    ]  # fmt: skip


def test_the_command_says_whether_it_is_complete() -> None:
    said = StringIO()
    call_command("messages", "--check", stdout=said)
    assert "0 to look at" in said.getvalue()


def test_the_command_takes_words_in_and_refuses_what_is_missing(tmp_path: Path) -> None:
    root = a_project(tmp_path / "project", '_("one")\n_("two")\n')
    given = tmp_path / "words.po"
    given.write_text('msgid "one"\nmsgstr "一"\n', encoding="utf-8")
    from django.test import override_settings

    with override_settings(BASE_DIR=root, LOCALE_PATHS=[root / "locale"]):
        said = StringIO()
        call_command("messages", "--from", str(given), stdout=said)
        assert "missing: two" in said.getvalue()
        assert messages.read(root / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po")["one"].string == "一"
        with pytest.raises(CommandError, match="not complete"):
            call_command("messages", "--check", stdout=StringIO())
