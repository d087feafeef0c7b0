"""The strict reader for reference files in YAML: every value keeps the line it stands in.

Values are read as they are written ("no" is the word no, 09 is text that looks like a number), so that what counts as
a number or a date is decided in one place, `records.Record`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import yaml

from pv.core.reference.files import read_text
from pv.core.reference.records import Record, Report, quoted


class YamlRecord(Record):
    """One mapping of a YAML document; every value keeps the line it stands in."""

    def __init__(self, report: Report, path: Path, node: yaml.MappingNode, prefix: str) -> None:
        self._nodes: dict[str, yaml.Node] = {}
        values: dict[str, str] = {}
        lines: dict[str, int] = {}
        super().__init__(report, path, node.start_mark.line + 1, values, lines, prefix)
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) and key.value else "?"
            lines[name] = key.start_mark.line + 1
            if name == "?":
                self.fault(name, "this key is not a plain word")
            elif name in self._nodes:
                self.fault(name, "this key was already given")
            self._nodes[name] = value
            if isinstance(value, yaml.ScalarNode):
                # "~" and nothing are YAML's two ways to say: not given.
                values[name] = "" if value.tag.endswith(":null") else value.value

    def only(self, *names: str, optional: Collection[str] = ()) -> YamlRecord:
        """Check that the mapping has these keys, perhaps the optional ones, and no others."""
        for name in self._nodes:
            if name not in names and name not in optional:
                self.fault(name, f"is not one of {', '.join((*names, *optional))}")
        for name in names:
            if name not in self._nodes:
                self.fault(name, "is missing")
        return self

    def raw(self, name: str) -> str:
        value = self._nodes.get(name)
        if value is not None and not isinstance(value, yaml.ScalarNode):
            self.fault(name, "must be a single value")
        return super().raw(name)

    def text(self, name: str, *, required: bool = True) -> str:
        # A key that is missing altogether was noted by only().
        return super().text(name, required=required and name in self._nodes)

    def child(self, name: str) -> YamlRecord | None:
        """The mapping under a key."""
        return self._mapping(self._nodes.get(name), name)

    def children(self, name: str) -> list[YamlRecord]:
        """The list of mappings under a key; at least one."""
        found = [self._mapping(item, f"{name}[{at}]", name) for at, item in enumerate(self._items(name), start=1)]
        return [record for record in found if record is not None]

    def words(self, name: str) -> tuple[str, ...]:
        """The list of plain words under a key; may be empty."""
        words: list[str] = []
        for item in self._items(name, may_be_empty=True):
            if not isinstance(item, yaml.ScalarNode) or not item.value:
                self.fault(name, "must be a list of plain words")
            elif item.value in words:
                self.fault(name, f"{quoted(item.value)} stands twice")
            else:
                words.append(item.value)
        return tuple(words)

    def _items(self, name: str, *, may_be_empty: bool = False) -> list[yaml.Node]:
        node = self._nodes.get(name)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode) or not (node.value or may_be_empty):
            self.fault(name, "must be a list" if may_be_empty else "must be a list with at least one entry")
            return []
        return list(node.value)

    def _mapping(self, node: yaml.Node | None, name: str, key: str = "") -> YamlRecord | None:
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.fault(key or name, f"{name} must be a group of keys and values")
            return None
        return YamlRecord(self.report, self.path, node, f"{self._prefix}{name}.")


def read_yaml(path: Path, report: Report) -> YamlRecord | None:
    """Read a document that must be one mapping."""
    text = read_text(path, report)
    if text is None:
        return None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        report.add(path, mark.line + 1 if mark else 1, "", f"is not valid YAML: {error.problem or error.context}")
        return None
    except yaml.reader.ReaderError as error:
        report.add(path, text.count("\n", 0, error.position) + 1, "", "contains an invisible character")
        return None
    except RecursionError:
        report.add(path, 1, "", "is nested too deeply")
        return None
    if not isinstance(node, yaml.MappingNode):
        report.add(path, 1, "", "must be a group of keys and values")
        return None
    return YamlRecord(report, path, node, "")
