"""The recipe's `resources.kubernetes`: what a job's pods need beside cores and memory."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Volume(BaseModel):
    """A volume as Kubernetes writes it: its name, and one key that says what it is."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str


class VolumeMount(BaseModel):
    """Where a volume is seen in the pods."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str
    mount_path: Annotated[str, Field(alias="mountPath", pattern="^/", description="an absolute path")]
    sub_path: Annotated[str | None, Field(alias="subPath")] = None
    read_only: Annotated[bool | None, Field(alias="readOnly")] = None


class Kubernetes(BaseModel):
    """The pods of a job; names and values are those of Kubernetes, but `env` is `{NAME: value}`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    image: str = Field(description="an image in which `python -m datapipe` runs")
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(None, alias="imagePullPolicy")
    pull_secrets: list[str] = Field(default_factory=list, alias="imagePullSecrets", description="names of secrets")
    namespace: str | None = None
    labels: dict[str, str] = Field(default_factory=dict, description="of the job; a queue's name, say")
    service_account: str | None = Field(None, alias="serviceAccount")
    env: dict[str, str] = Field(default_factory=dict)
    env_from: list[dict[str, Any]] = Field(
        default_factory=list, alias="envFrom", description="secrets, such as [{secretRef: {name: s3}}]"
    )
    volumes: list[Volume] = Field(default_factory=list)
    volume_mounts: list[VolumeMount] = Field(default_factory=list, alias="volumeMounts")
    node_selector: dict[str, str] = Field(default_factory=dict, alias="nodeSelector")
    tolerations: list[dict[str, Any]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _mounts_name_volumes(self) -> Kubernetes:
        known = {volume.name for volume in self.volumes}
        for mount in self.volume_mounts:
            if mount.name not in known:
                raise ValueError(
                    f"volumeMounts: {mount.name} is none of the volumes ({', '.join(sorted(known)) or 'none'})"
                )
        return self
