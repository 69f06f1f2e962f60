# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Exported messages as somebody else's parser of RFC 5424 reads them: every field comes back.

That parser leaves escapes as they are, and takes a backslash at the very end of a value for the escape of the quotation
mark behind it. So values are read once more here, by the grammar of section 6.3.3.
"""

import json
import re
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syslog_rfc5424_parser import ParseError, SyslogMessage
from syslog_rfc5424_parser.constants import SyslogFacility, SyslogSeverity

from tests.ledger.test_export_ocsf import LEAF, LOG, leaf_of
from vaka.ledger.events import Event
from vaka.ledger.export_syslog import STRUCTURE, write_syslog
from vaka.ledger.leaves import Leaf

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
VALUE = re.compile(r' ([^= \]"]+)="((?:[^"\\\]]|\\["\\\]])*)"')


def values(leaf: Leaf) -> dict[str, str]:
    """The fields of the structured data, unescaped; nothing else may stand between them."""
    line = write_syslog(73, leaf, LOG).decode()
    data = line.partition(f"[{STRUCTURE}")[2]
    said, at = {}, 0
    while match := VALUE.match(data, at):
        said[match[1]] = re.sub(r'\\(["\\\]])', r"\1", match[2])
        at = match.end()
    assert data[at:] == f"] {leaf.event} {leaf.outcome}\n"
    return said


def read(leaf: Leaf, index: int = 73) -> SyslogMessage:
    line = write_syslog(index, leaf, LOG)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return SyslogMessage.parse(line[:-1].decode())


@pytest.mark.parametrize("event", Event, ids=lambda event: event.value)
def test_every_event_is_read_by_the_grammar(event: Event) -> None:
    leaf = leaf_of(event)
    message = read(leaf)
    assert message.version == 1
    assert message.facility is SyslogFacility.audit
    assert message.severity is (SyslogSeverity.info if leaf.outcome == "success" else SyslogSeverity.warning)
    assert (message.appname, message.procid, message.msgid) == ("vaka", None, event.value)
    assert message.hostname == LOG
    assert datetime.fromisoformat(message.timestamp) == leaf.at
    assert message.msg == f"{event.value} {leaf.outcome}"


def test_every_field_comes_back() -> None:
    said = values(LEAF)
    assert said == {
        "index": "73", "event": LEAF.event, "actor": LEAF.actor, "object": LEAF.object, "outcome": LEAF.outcome,
        "clock": LEAF.clock, "source": LEAF.source, "number": "12", "id": "41", "written_by": LEAF.written_by,
        "written_at": "2026-03-14T01:59:00.003000+00:00", "detail": said["detail"],
    }  # fmt: skip
    assert json.loads(said["detail"]) == dict(LEAF.detail)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [('a"b', r"a\"b"), ("a\\b", r"a\\b"), ("a]b", r"a\]b"), ('"]\\', r"\"\]\\"), ("åäö", "åäö"),
     ("a\nb", "a\\\\u000ab"), ("\x00", "\\\\u0000"), ("\u2028", "\\\\u2028")],
)  # fmt: skip
def test_what_would_end_a_value_or_a_line_is_escaped(text: str, escaped: str) -> None:
    line = write_syslog(1, replace(LEAF, object=text), LOG).decode()
    assert f'object="{escaped}"' in line
    assert read(replace(LEAF, object=f"{text}.")).sd[STRUCTURE]["outcome"] == "success"


@given(
    st.text(max_size=40), st.text(max_size=40), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3)
)
def test_nothing_that_stands_in_a_leaf_breaks_the_grammar(actor: str, thing: str, detail: dict[str, str]) -> None:
    leaf = replace(LEAF, actor=actor, object=thing, detail=detail)
    said = values(leaf)
    assert said["index"] == "73"
    assert json.loads(said["detail"]) == detail
    shown = CONTROL.sub("", thing)
    assert said["object"] == thing or shown != thing
    message = read(replace(leaf, actor=f"{actor}.", object=f"{thing}."))
    assert message.sd[STRUCTURE]["index"] == "73"
    assert message.msg == "alarm.read success"


@pytest.mark.parametrize("event", ["", "a b", "å", "x" * 80])
def test_the_head_stays_within_its_bounds(event: str) -> None:
    message = read(replace(LEAF, event=event))
    assert message.msgid is None or (len(message.msgid) <= 32 and message.msgid.isascii())


@pytest.mark.parametrize("broken", ["", "no syslog", "<110>1 then", "<110>1 2026-03-14T01:59:00Z host vaka - id [x"])
def test_the_judge_refuses_what_is_no_message(broken: str) -> None:
    with pytest.raises(ParseError):
        SyslogMessage.parse(broken)
