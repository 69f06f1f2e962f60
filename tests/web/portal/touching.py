# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a browser does with the page that asks for a security key."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from tests.identity.authenticator import SoftKey
from tests.web.browsers import Answer, Browser


def options(page: Answer) -> Any:
    """What a page asks the browser for."""
    found = re.search(r"data-options='([^']*)'", page.text)
    assert found is not None, page.text
    return json.loads(html.unescape(found[1]))


def hidden(page: Answer) -> dict[str, str]:
    """The fields of its form that were filled in already."""
    form = page.text.partition("data-options")[2].partition("</form>")[0]
    return {html.unescape(name): html.unescape(value)
            for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form)}  # fmt: skip


def shown(page: Answer) -> str:
    """What stands there of the act, before the button."""
    return html.unescape(page.text.partition('<dl class="said">')[2].partition("</dl>")[0])


async def touch(browser: Browser, key: SoftKey, path: str, form: Mapping[str, str]) -> Answer:
    """Send a form, touch the key for what the page that comes then asks, and send that."""
    page = await browser.post(path, dict(form))
    assert page.status == 200, page.text
    return await browser.post(path, {**hidden(page), "answer": key.touch(options(page))})
