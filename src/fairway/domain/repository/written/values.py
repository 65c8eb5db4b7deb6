"""`{key, value}` and `{key, valueFrom}`, and the sources that a value or a credential can come from."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from fairway.domain.repository.written.base import Written, complaint


class ClusterParameter(Written):
    cluster_param: str = Field(description="Name of an entry of the cluster's parameters")


class GceAddress(Written):
    name: str | None = Field(None, description="Name of the reserved address")
    name_from: ClusterParameter | None = Field(None, description="Take the name from a parameter of the cluster")
    is_global: bool = Field(False, description="A global (anycast) address instead of one of the cluster's region")


class GceResource(Written):
    address: GceAddress = Field(description="A reserved IP address")


class EnvSource(Written):
    name: str = Field(description="Name of the environment variable of the process that runs Fairway")
    default: str | None = Field(None, description="What to use when it is not set; without one, that is an error")
    sensitive: bool = Field(False, description="Mask the value wherever values are shown")


class FileSource(Written):
    path: str = Field(description="Relative to the file that names it")
    key: str | None = Field(None, description="Dotted path inside a YAML or JSON file; without it, the whole text")
    sensitive: bool = Field(False, description="Mask the value wherever values are shown")


class ClusterSource(Written):
    """A key of a ConfigMap or Secret in the target cluster."""

    name: str = Field(description="Name of the object")
    key: str = Field(description="Key of its data")
    namespace: str | None = Field(None, description="Default: the environment's namespace")
    optional: bool = Field(False, description="Leave the value out when the object or key does not exist")


class OutputSource(Written):
    """A field of an object that another release made."""

    release: str = Field(description="Name of the release; it is applied before this one")
    kind: str = Field(description="Kind of the object, e.g. Service")
    api_version: str | None = Field(None, description="Needed only when several groups have the kind")
    name: str = Field(description="Name of the object")
    path: str = Field(description="JSONPath of the field, e.g. {.status.loadBalancer.ingress[0].ip}")


def _name_alone(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _path_alone(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


EnvShort = Annotated[EnvSource, BeforeValidator(_name_alone, json_schema_input_type=str | EnvSource)]
FileShort = Annotated[FileSource, BeforeValidator(_path_alone, json_schema_input_type=str | FileSource)]


class ValueFrom(Written):
    """Exactly one of its keys."""

    gce_resource: GceResource | None = Field(None, description="Something that Google Cloud reserved")
    env: EnvShort | None = Field(None, description="A variable of the process environment; its name alone is enough")
    file: FileShort | None = Field(None, description="A file; its path alone is enough")
    config_map: ClusterSource | None = Field(None, description="A key of a ConfigMap of the target cluster")
    secret: ClusterSource | None = Field(None, description="A key of a Secret of the target cluster; always masked")
    output: OutputSource | None = Field(None, description="A field of an object of another release")


class ChartValueEntry(Written):
    key: str = Field(description="Dotted path, e.g. image.tag", examples=["image.tag"])
    value: Any = Field(None, description="Any YAML; $VAR and ${VAR:-default} in text come from the process environment")
    value_from: ValueFrom | None = Field(None, description="Instead of value: where to get it")


def _no_plain_text(value: Any) -> Any:
    if isinstance(value, str | int | float):
        raise complaint("plain-credential", "a credential is written into the file", "write e.g. {env: REPO_PASSWORD}")
    return value


Credential = Annotated[ValueFrom, BeforeValidator(_no_plain_text, json_schema_input_type=ValueFrom)]
