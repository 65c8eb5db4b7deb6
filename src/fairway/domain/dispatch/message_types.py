"""The protobuf messages that travel between hookd and the clusters, from a table of their field numbers.

The rule not to break: numbers and types are a contract with programs that we did not write. A number is never used for
something else, and a field that they don't know must not be needed to understand the rest.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

_PACKAGE = "fairway.dispatch"
_STRUCT = f".{struct_pb2.Struct.DESCRIPTOR.full_name}"
_SCALARS = {
    "string": Field.TYPE_STRING,
    "bytes": Field.TYPE_BYTES,
    "int32": Field.TYPE_INT32,
    "int64": Field.TYPE_INT64,
}

STATE_NUMBERS = {"success": 0, "error": 1, "failure": 2, "inactive": 3, "in_progress": 4, "queued": 5, "pending": 6}

# A type in [] is repeated; a name with a capital letter is another message, or the enum.
_MESSAGES: dict[str, dict[int, tuple[str, str]]] = {
    "GithubRepository": {1: ("owner", "string"), 2: ("name", "string")},
    "DeploymentSpec": {1: ("repository", "GithubRepository"), 2: ("deploymentID", "int64")},
    "Kubernetes": {1: ("resources", "[Struct]")},
    "Payload": {1: ("version", "[int32]"), 2: ("team", "string"), 3: ("kubernetes", "Kubernetes")},
    "DeploymentRequest": {
        1: ("deployment", "DeploymentSpec"),
        2: ("timestamp", "int64"),
        3: ("deadline", "int64"),
        5: ("cluster", "string"),
        6: ("deliveryID", "string"),
        7: ("payloadSpec", "Payload"),
    },
    "DeploymentStatus": {
        1: ("deployment", "DeploymentSpec"),
        2: ("state", "GithubDeploymentState"),
        3: ("description", "string"),
        4: ("deliveryID", "string"),
        5: ("team", "string"),
        6: ("cluster", "string"),
        7: ("timestamp", "int64"),
        15: ("detail", "string"),
    },
    "Announcement": {
        1: ("cluster", "string"),
        2: ("instance", "string"),
        3: ("version", "string"),
        4: ("timestamp", "int64"),
    },
    "SignedMessage": {1: ("message", "bytes"), 2: ("signature", "bytes")},
}


def _described() -> descriptor_pb2.FileDescriptorProto:
    # proto3: a number that is no member of the enum must be seen; proto2 would drop it, and the state would read as 0.
    file = descriptor_pb2.FileDescriptorProto(
        name="fairway/dispatch.proto", package=_PACKAGE, syntax="proto3", dependency=[struct_pb2.DESCRIPTOR.name]
    )
    states = file.enum_type.add(name="GithubDeploymentState")
    for name, number in STATE_NUMBERS.items():
        states.value.add(name=name, number=number)
    for message, fields in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for number, (name, written) in fields.items():
            described.field.append(_field(name, number, written))
    return file


def _field(name: str, number: int, written: str) -> Field:
    repeated, kind = written.startswith("["), written.strip("[]")
    label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
    if kind in _SCALARS:
        return Field(name=name, number=number, label=label, type=_SCALARS[kind])
    type_name = _STRUCT if kind == "Struct" else f".{_PACKAGE}.{kind}"
    type_ = Field.TYPE_ENUM if kind == "GithubDeploymentState" else Field.TYPE_MESSAGE
    return Field(name=name, number=number, label=label, type=type_, type_name=type_name)


_pool = descriptor_pool.DescriptorPool()
_pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
_pool.AddSerializedFile(_described().SerializeToString())


def _message(name: str) -> Any:
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


# Made at run time, so that no type checker knows their fields: `wire` and `sealing` are the only users.
DeploymentRequestMessage = _message("DeploymentRequest")
DeploymentStatusMessage = _message("DeploymentStatus")
AnnouncementMessage = _message("Announcement")
SignedMessage = _message("SignedMessage")
