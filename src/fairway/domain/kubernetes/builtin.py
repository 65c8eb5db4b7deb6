"""The kinds that Kubernetes brings along, by version: since when, until when, and what took their place.

Source: the `APILifecycle…` functions of k8s.io/api (Apache-2.0) and Kubernetes' guide to deprecated APIs. The rule not
to break: what is served for the newest version equals what a control plane of that version says
(tests/contract/kube/test_builtin_kinds.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fairway.domain.kubernetes.versions import NEWEST, Minor, full_version, minor_of
from fairway.domain.manifests.api import ApiResource, ApiResources, indexed
from fairway.domain.manifests.objects import group_of

_READ_WRITE = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
_ASKED = frozenset({"create"})
_ASK_ONLY = ("authentication.k8s.io", "authorization.k8s.io")


@dataclass(frozen=True, slots=True)
class BuiltinKind:
    """One kind in one API version. `deprecated` and `removed` are minor versions; None while it is neither."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    since: Minor
    deprecated: Minor | None = None
    removed: Minor | None = None
    switched_off: bool = False
    """True for alpha and for beta versions from 1.24 on: served only where an administrator switched them on."""

    def served_in(self, minor: Minor) -> bool:
        return not self.switched_off and self.since <= minor and (self.removed is None or minor < self.removed)


@dataclass(frozen=True, slots=True)
class Removal:
    """An API version of a kind that is gone or will go. `replacement` is an API version, None when there is none."""

    api_version: str
    kind: str
    deprecated: Minor
    removed: Minor
    replacement: str | None

    def gone_in(self, minor: Minor) -> bool:
        return minor >= self.removed

    def deprecated_in(self, minor: Minor) -> bool:
        return minor >= self.deprecated


# apiVersion | since, deprecated, removed (minor versions of Kubernetes 1) | Kind=plural, `*` behind cluster-wide kinds.
# Versions of a group are in the server's order of preference. `?` before an apiVersion: switched off by default.
_TABLE = """
v1 | 0 | Binding=bindings ComponentStatus=componentstatuses* ConfigMap=configmaps Endpoints=endpoints Event=events
v1 | 0 | LimitRange=limitranges Namespace=namespaces* Node=nodes* PersistentVolumeClaim=persistentvolumeclaims
v1 | 0 | PersistentVolume=persistentvolumes* Pod=pods PodTemplate=podtemplates Secret=secrets Service=services
v1 | 0 | ReplicationController=replicationcontrollers ResourceQuota=resourcequotas ServiceAccount=serviceaccounts
apiregistration.k8s.io/v1 | 10 | APIService=apiservices*
apiregistration.k8s.io/v1beta1 | 7 19 22 | APIService=apiservices*
apps/v1 | 9 | ControllerRevision=controllerrevisions DaemonSet=daemonsets Deployment=deployments
apps/v1 | 9 | ReplicaSet=replicasets StatefulSet=statefulsets
apps/v1beta2 | 8 9 16 | ControllerRevision=controllerrevisions DaemonSet=daemonsets Deployment=deployments
apps/v1beta2 | 8 9 16 | ReplicaSet=replicasets StatefulSet=statefulsets
apps/v1beta1 | 5 8 16 | ControllerRevision=controllerrevisions Deployment=deployments StatefulSet=statefulsets
extensions/v1beta1 | 1 8 16 | DaemonSet=daemonsets Deployment=deployments ReplicaSet=replicasets
extensions/v1beta1 | 3 9 16 | NetworkPolicy=networkpolicies PodSecurityPolicy=podsecuritypolicies*
extensions/v1beta1 | 1 14 22 | Ingress=ingresses
events.k8s.io/v1 | 19 | Event=events
events.k8s.io/v1beta1 | 8 22 25 | Event=events
authentication.k8s.io/v1 | 6 | TokenReview=tokenreviews*
authentication.k8s.io/v1 | 28 | SelfSubjectReview=selfsubjectreviews*
authentication.k8s.io/v1beta1 | 4 19 22 | TokenReview=tokenreviews*
authorization.k8s.io/v1 | 6 | LocalSubjectAccessReview=localsubjectaccessreviews
authorization.k8s.io/v1 | 6 | SelfSubjectAccessReview=selfsubjectaccessreviews*
authorization.k8s.io/v1 | 8 | SelfSubjectRulesReview=selfsubjectrulesreviews*
authorization.k8s.io/v1 | 6 | SubjectAccessReview=subjectaccessreviews*
authorization.k8s.io/v1beta1 | 2 19 22 | LocalSubjectAccessReview=localsubjectaccessreviews
authorization.k8s.io/v1beta1 | 2 19 22 | SelfSubjectAccessReview=selfsubjectaccessreviews*
authorization.k8s.io/v1beta1 | 8 19 22 | SelfSubjectRulesReview=selfsubjectrulesreviews*
authorization.k8s.io/v1beta1 | 2 19 22 | SubjectAccessReview=subjectaccessreviews*
autoscaling/v2 | 23 | HorizontalPodAutoscaler=horizontalpodautoscalers
autoscaling/v1 | 2 | HorizontalPodAutoscaler=horizontalpodautoscalers
autoscaling/v2beta2 | 12 23 26 | HorizontalPodAutoscaler=horizontalpodautoscalers
autoscaling/v2beta1 | 8 22 25 | HorizontalPodAutoscaler=horizontalpodautoscalers
batch/v1 | 21 | CronJob=cronjobs
batch/v1 | 2 | Job=jobs
batch/v1beta1 | 8 21 25 | CronJob=cronjobs
certificates.k8s.io/v1 | 19 | CertificateSigningRequest=certificatesigningrequests*
certificates.k8s.io/v1beta1 | 12 19 22 | CertificateSigningRequest=certificatesigningrequests*
?certificates.k8s.io/v1beta1 | 33 37 40 | ClusterTrustBundle=clustertrustbundles*
?certificates.k8s.io/v1beta1 | 35 38 41 | PodCertificateRequest=podcertificaterequests
networking.k8s.io/v1 | 19 | IngressClass=ingressclasses* Ingress=ingresses
networking.k8s.io/v1 | 33 | IPAddress=ipaddresses* ServiceCIDR=servicecidrs*
networking.k8s.io/v1 | 7 | NetworkPolicy=networkpolicies
networking.k8s.io/v1beta1 | 14 19 22 | Ingress=ingresses
networking.k8s.io/v1beta1 | 18 19 22 | IngressClass=ingressclasses*
?networking.k8s.io/v1beta1 | 31 34 37 | IPAddress=ipaddresses* ServiceCIDR=servicecidrs*
policy/v1 | 21 | PodDisruptionBudget=poddisruptionbudgets
policy/v1beta1 | 5 21 25 | PodDisruptionBudget=poddisruptionbudgets
policy/v1beta1 | 10 21 25 | PodSecurityPolicy=podsecuritypolicies*
rbac.authorization.k8s.io/v1 | 8 | ClusterRoleBinding=clusterrolebindings* ClusterRole=clusterroles*
rbac.authorization.k8s.io/v1 | 8 | RoleBinding=rolebindings Role=roles
rbac.authorization.k8s.io/v1beta1 | 6 17 22 | ClusterRoleBinding=clusterrolebindings* ClusterRole=clusterroles*
rbac.authorization.k8s.io/v1beta1 | 6 17 22 | RoleBinding=rolebindings Role=roles
storage.k8s.io/v1 | 18 | CSIDriver=csidrivers*
storage.k8s.io/v1 | 17 | CSINode=csinodes*
storage.k8s.io/v1 | 24 | CSIStorageCapacity=csistoragecapacities
storage.k8s.io/v1 | 6 | StorageClass=storageclasses*
storage.k8s.io/v1 | 13 | VolumeAttachment=volumeattachments*
storage.k8s.io/v1 | 34 | VolumeAttributesClass=volumeattributesclasses*
storage.k8s.io/v1beta1 | 14 19 22 | CSIDriver=csidrivers*
storage.k8s.io/v1beta1 | 14 17 22 | CSINode=csinodes*
storage.k8s.io/v1beta1 | 21 24 27 | CSIStorageCapacity=csistoragecapacities
storage.k8s.io/v1beta1 | 4 19 22 | StorageClass=storageclasses*
storage.k8s.io/v1beta1 | 10 19 22 | VolumeAttachment=volumeattachments*
?storage.k8s.io/v1beta1 | 31 34 37 | VolumeAttributesClass=volumeattributesclasses*
admissionregistration.k8s.io/v1 | 36 | MutatingAdmissionPolicy=mutatingadmissionpolicies*
admissionregistration.k8s.io/v1 | 36 | MutatingAdmissionPolicyBinding=mutatingadmissionpolicybindings*
admissionregistration.k8s.io/v1 | 16 | MutatingWebhookConfiguration=mutatingwebhookconfigurations*
admissionregistration.k8s.io/v1 | 30 | ValidatingAdmissionPolicy=validatingadmissionpolicies*
admissionregistration.k8s.io/v1 | 30 | ValidatingAdmissionPolicyBinding=validatingadmissionpolicybindings*
admissionregistration.k8s.io/v1 | 16 | ValidatingWebhookConfiguration=validatingwebhookconfigurations*
admissionregistration.k8s.io/v1beta1 | 9 16 22 | MutatingWebhookConfiguration=mutatingwebhookconfigurations*
admissionregistration.k8s.io/v1beta1 | 9 16 22 | ValidatingWebhookConfiguration=validatingwebhookconfigurations*
?admissionregistration.k8s.io/v1beta1 | 28 31 34 | ValidatingAdmissionPolicy=validatingadmissionpolicies*
?admissionregistration.k8s.io/v1beta1 | 28 31 34 | ValidatingAdmissionPolicyBinding=validatingadmissionpolicybindings*
?admissionregistration.k8s.io/v1beta1 | 34 37 40 | MutatingAdmissionPolicy=mutatingadmissionpolicies*
?admissionregistration.k8s.io/v1beta1 | 34 37 40 | MutatingAdmissionPolicyBinding=mutatingadmissionpolicybindings*
apiextensions.k8s.io/v1 | 16 | CustomResourceDefinition=customresourcedefinitions*
apiextensions.k8s.io/v1beta1 | 7 16 22 | CustomResourceDefinition=customresourcedefinitions*
scheduling.k8s.io/v1 | 14 | PriorityClass=priorityclasses*
scheduling.k8s.io/v1beta1 | 11 14 22 | PriorityClass=priorityclasses*
coordination.k8s.io/v1 | 14 | Lease=leases
coordination.k8s.io/v1beta1 | 12 19 22 | Lease=leases
?coordination.k8s.io/v1beta1 | 33 36 39 | LeaseCandidate=leasecandidates
node.k8s.io/v1 | 20 | RuntimeClass=runtimeclasses*
node.k8s.io/v1beta1 | 13 22 25 | RuntimeClass=runtimeclasses*
discovery.k8s.io/v1 | 21 | EndpointSlice=endpointslices
discovery.k8s.io/v1beta1 | 16 21 25 | EndpointSlice=endpointslices
resource.k8s.io/v1 | 34 | DeviceClass=deviceclasses* ResourceClaim=resourceclaims ResourceSlice=resourceslices*
resource.k8s.io/v1 | 34 | ResourceClaimTemplate=resourceclaimtemplates
?resource.k8s.io/v1beta2 | 33 36 39 | DeviceClass=deviceclasses* ResourceClaim=resourceclaims
?resource.k8s.io/v1beta2 | 33 36 39 | ResourceClaimTemplate=resourceclaimtemplates ResourceSlice=resourceslices*
?resource.k8s.io/v1beta1 | 32 35 38 | DeviceClass=deviceclasses* ResourceClaim=resourceclaims
?resource.k8s.io/v1beta1 | 32 35 38 | ResourceClaimTemplate=resourceclaimtemplates ResourceSlice=resourceslices*
flowcontrol.apiserver.k8s.io/v1 | 29 | FlowSchema=flowschemas*
flowcontrol.apiserver.k8s.io/v1 | 29 | PriorityLevelConfiguration=prioritylevelconfigurations*
flowcontrol.apiserver.k8s.io/v1beta3 | 26 29 32 | FlowSchema=flowschemas*
flowcontrol.apiserver.k8s.io/v1beta3 | 26 29 32 | PriorityLevelConfiguration=prioritylevelconfigurations*
flowcontrol.apiserver.k8s.io/v1beta2 | 23 26 29 | FlowSchema=flowschemas*
flowcontrol.apiserver.k8s.io/v1beta2 | 23 26 29 | PriorityLevelConfiguration=prioritylevelconfigurations*
flowcontrol.apiserver.k8s.io/v1beta1 | 20 23 26 | FlowSchema=flowschemas*
flowcontrol.apiserver.k8s.io/v1beta1 | 20 23 26 | PriorityLevelConfiguration=prioritylevelconfigurations*
?storagemigration.k8s.io/v1beta1 | 35 38 41 | StorageVersionMigration=storageversionmigrations*
"""


@lru_cache(maxsize=8)
def builtin_resources(version: str = NEWEST) -> ApiResources:
    """What a fresh cluster of this version serves. Raises `UserError` for what is no version or too old a one."""
    known = full_version(version)
    minor = minor_of(known)
    return indexed(known, (_resource(one) for one in builtin_kinds() if one.served_in(minor)))


def removal(api_version: str, kind: str) -> Removal | None:
    """When this API version of a kind goes or went; None for what stays and for kinds that are not built in."""
    known = builtin_kind(api_version, kind)
    if known is None or known.deprecated is None or known.removed is None:
        return None
    return Removal(api_version, kind, known.deprecated, known.removed, _replacement(known))


def builtin_kind(api_version: str, kind: str) -> BuiltinKind | None:
    """One line of the table, served or not."""
    return _by_ref().get((api_version, kind))


def is_builtin_group(api_version: str) -> bool:
    """Whether only Kubernetes itself defines kinds in this group; custom resources of `….k8s.io` are not meant."""
    return group_of(api_version) in _groups()


@lru_cache(maxsize=1)
def builtin_kinds() -> tuple[BuiltinKind, ...]:
    """The whole table."""
    return tuple(_rows())


@lru_cache(maxsize=1)
def _by_ref() -> dict[tuple[str, str], BuiltinKind]:
    return {(one.api_version, one.kind): one for one in builtin_kinds()}


@lru_cache(maxsize=1)
def _groups() -> frozenset[str]:
    return frozenset(group_of(one.api_version) for one in builtin_kinds())


def _rows() -> Iterator[BuiltinKind]:
    for line in _TABLE.strip().splitlines():
        api_version, times, kinds = (part.strip() for part in line.split("|"))
        since, *ends = ((1, int(minor)) for minor in times.split())
        deprecated, removed = ends or (None, None)
        for entry in kinds.split():
            kind, _, plural = entry.partition("=")
            yield BuiltinKind(
                api_version.removeprefix("?"),
                kind,
                plural.removesuffix("*"),
                not plural.endswith("*"),
                since,
                deprecated,
                removed,
                api_version.startswith("?"),
            )


def _resource(one: BuiltinKind) -> ApiResource:
    verbs = _ASKED if group_of(one.api_version) in _ASK_ONLY or one.kind == "Binding" else _READ_WRITE
    return ApiResource(one.api_version, one.kind, one.plural, one.namespaced, verbs)


def _replacement(old: BuiltinKind) -> str | None:
    """The preferred lasting version of the kind, in its own group where there is one."""
    lasting = [one for one in builtin_kinds() if one.kind == old.kind and one.removed is None]
    own = [one for one in lasting if group_of(one.api_version) == group_of(old.api_version)]
    return next((one.api_version for one in own or lasting), None)
