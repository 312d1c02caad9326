"""Everything that is in a moto server, straight from its memory and not through any API: what nobody thinks of asking for is
in it, too. One line for each thing, as `service/region/kind {…}`, with ids, hashes and times masked, so that two runs of the
same compare equal.
"""

import datetime
import hashlib
import io
import json
import re
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

MASKS = [
    # The first run of a file version, and one of those that repeat it.
    (re.compile(r"\b(o|r\d+)-[0-9a-f]{64}\b"), "<execution>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d[:_]\d\d[:_]\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\b[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}\b"), "<mac>"),
    (re.compile(r"\b[0-9a-f]{8,}\b"), "<id>"),
    (re.compile(r"\b(?=[A-Z]*\d)[0-9A-Z]{12,}\b"), "<id>"),
    # Roles and other principals.
    (re.compile(r"\bA[A-Z]{2}A[0-9A-Z]{12,}\b"), "<id>"),
    (re.compile(r'"(durationMs|pid|processStartedAt|memoryMb)": ?"?[\d.]+"?'), r'"\1": "<number>"'),
]
# What only says when, how often or through which connection.
PASSING = re.compile(r"(date|time|_at|timestamp|nonce|latest_restorable|token|fingerprint|qualifier|boto|host)", re.I)
# AWS's own, in every account.
OF_AWS = {
    ("iam", "aws_managed_policies"),
    ("iam", "managed_policies"),
    ("ec2", "amis"),
    ("ec2", "instance_types"),
    ("ec2", "managed_prefix_lists"),
    ("ec2", "snapshots"),
    ("resourcegroupstaggingapi", "_pages"),
}
# What is said in passing: log streams, and the history of objects, of which only uploads count, see `objects`.
# The first subnet of a zone is moto's default one, whoever made it; addresses in a subnet are chance.
PASSING_FIELDS = {"default_for_az", "private_dns_name", "private_ip_address", "private_ip_addresses", "streams"}


def masked(text: str) -> str:
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text


def plain(value: Any, above: tuple[int, ...] = ()) -> Any:
    """As JSON, without references back to what it is in."""
    if value is None or isinstance(value, (bool, int)):
        return value if not isinstance(value, int) or abs(value) < 10**9 else "<number>"
    if isinstance(value, float):
        return value if abs(value) < 10**6 else "<number>"
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, (datetime.datetime, datetime.date)):
        return "<time>"
    if isinstance(value, BaseBackend) or callable(value) or isinstance(value, io.IOBase) or id(value) in above:
        return None
    path = (*above, id(value))
    if isinstance(value, dict):
        pairs = [[masked(str(key)), plain(each, path)] for key, each in value.items()]
        return sorted((pair for pair in pairs if not empty(pair[1])), key=json.dumps)
    if isinstance(value, (list, tuple, set, frozenset)):
        return sorted((plain(each, path) for each in value), key=json.dumps)
    if hasattr(value, "__dict__"):
        fields = {
            name: plain(field, path)
            for name, field in vars(value).items()
            if not PASSING.search(name) and name not in PASSING_FIELDS
        }
        return {name: field for name, field in sorted(fields.items()) if not empty(field)}
    return None


def empty(value: Any) -> bool:
    return value is None or value == [] or value == {} or value == ""


def state() -> list[str]:
    lines: list[str] = []
    for service in list(BackendDict._instances):
        for regions in service.values():
            for region, backend in regions.items():
                if region in ("global", "aws", "eu-north-1"):
                    lines += kinds(service.service_name, backend)
    return sorted(lines)


def kinds(service: str, backend: BaseBackend) -> list[str]:
    lines = []
    for kind, things in vars(backend).items():
        if (service, kind) in OF_AWS or isinstance(things, (str, int, float)):
            continue
        if (service, kind) == ("s3", "buckets"):
            for bucket in things.values():
                lines += in_bucket(bucket)
            continue
        if isinstance(getattr(things, "tags", None), dict):
            things = {arn: tags for arn, tags in things.tags.items() if tags}
        if isinstance(things, dict):
            pairs = [[masked(str(key)), plain(thing)] for key, thing in things.items()]
            each = [pair for pair in pairs if not empty(pair[1])]
        elif isinstance(things, (list, set, tuple)):
            each = [plain(thing) for thing in things]
        else:
            each = [plain(things)]
        lines += [f"{service}/{kind} {json.dumps(thing)}" for thing in each if not empty(thing)]
    return lines


def in_bucket(bucket: Any) -> list[str]:
    """Its settings, its objects, and the multipart uploads that nobody has ended."""
    settings = {name: each for name, each in plain(bucket).items() if name not in ("keys", "multiparts")}
    lines = [f"s3/buckets {json.dumps([masked(bucket.name), settings])}"]
    for upload in bucket.multiparts.values():
        lines.append(f"s3/multiparts {masked(bucket.name)}/{masked(upload.key_name)} {len(upload.parts)} parts")
    for key, versions in bucket.keys.lists():
        # Nobody asked for access logs, and not for the versions of what datapipe keeps for itself.
        if key.startswith("access/"):
            continue
        kept = [version for version in versions if hasattr(version, "value")]
        count = len(kept) if key.startswith("inbox/") else 1
        if versions[-1] not in kept:
            lines.append(f"s3/deleted {masked(bucket.name)}/{masked(key)}")
            continue
        about = {"versions": count, "metadata": plain(kept[-1].metadata), "content": content(key, kept[-1].value)}
        lines.append(f"s3/objects {masked(bucket.name)}/{masked(key)} {json.dumps(about)}")
    return lines


def content(key: str, value: bytes) -> str:
    """Text, for what is read as text; of the rest what it is. What Parquet says, tables tell."""
    if value[:4] == b"PAR1":
        return "<parquet>"
    if len(value) > 100_000:
        return hashlib.sha256(value).hexdigest()
    return masked(value.decode(errors="replace"))
