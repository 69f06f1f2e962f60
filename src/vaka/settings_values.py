# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The kinds of values that settings have: ports, paths, hosts, networks, addresses."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from vaka.addresses import front_address, network, public_host

Port = Annotated[int, Field(ge=1, le=65535)]
# TOML has no word for "none": `false` closes a port.
OptionalPort = Annotated[Port | None, BeforeValidator(lambda value: None if value is False else value)]

# TOML has no paths, only strings.
FilePath = Annotated[Path, Field(strict=False)]


def _file_in_directory(path: Path) -> Path:
    """Return where a secret's file is; without a directory it might be the secret itself. Raises ValueError."""
    if len(path.parts) < 2:
        raise ValueError("write the path of a file that holds it, with its directory; a secret is never a setting")
    return path


SecretFile = Annotated[FilePath, AfterValidator(_file_in_directory)]

PublicHost = Annotated[str, AfterValidator(public_host)]
ContactAddress = Annotated[
    str, Field(max_length=200, pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://[^\s]+|tel:\+[0-9-]+)$")
]
WebAddressOrNone = Annotated[str, Field(max_length=500, pattern=r"^(https://[^\s]+)?$")]
AccountName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]
Network = Annotated[str, AfterValidator(network)]
FrontAddress = Annotated[str, AfterValidator(front_address)]
