"""Prints the bytes of the peers' packages: `python BYTES`, `custodian BYTES`.

The runtime brings boto3, so neither package holds it. Cloud Custodian's is made by its
own code, as `custodian run` uploads it.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from c7n.mu import PolicyHandlerTemplate, custodian_archive

HERE = Path(__file__).parent


def python() -> int:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(HERE / "python" / "responder.py", "responder.py")
    return len(packed.getvalue())


def custodian() -> int:
    config = json.loads((HERE / "custodian" / "config.json").read_text())
    archive = custodian_archive(packages=config["policies"][0]["mode"].get("packages"))
    archive.add_contents("config.json", json.dumps(config, indent=2))
    archive.add_contents("custodian_policy.py", PolicyHandlerTemplate)
    archive.close()
    return archive.size


if __name__ == "__main__":
    print("python", python())
    print("custodian", custodian())
