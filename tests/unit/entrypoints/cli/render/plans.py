"""Plans with one of everything, for the forms of a plan to show."""

from __future__ import annotations

from fairway.domain.errors import Position
from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.releases.plan import (
    ABSENT,
    MASKED,
    EnvironmentPlan,
    FieldChange,
    InputChange,
    ObjectAction,
    ObjectChange,
    ReleasePlan,
)
from fairway.domain.releases.revision import Hook, HookEvent
from fairway.domain.releases.state import Action, ReleaseState

HERE = Position("releases/web.yaml", 12, 9)
APP = "spec.template.spec.containers[app]"

NGINX_BEFORE = "".join(f"line {n}\n" for n in range(1, 30))
NGINX_AFTER = NGINX_BEFORE.replace("line 7\n", "line seven\n")


def ref(kind: str, name: str, api: str = "v1") -> ObjectRef:
    return ObjectRef(api, kind, "shop", name)


WEB = ReleasePlan(
    environment="prod",
    release="web",
    namespace="shop",
    state=ReleaseState.OUTDATED,
    action=Action.UPGRADE,
    from_revision=4,
    chart_before="web-1.9.0",
    chart_after="web-1.9.1",
    objects=(
        ObjectChange(
            ref("Deployment", "web", "apps/v1"),
            ObjectAction.UPDATE,
            (
                FieldChange("spec.replicas", 3, 5, Position("environments.yaml", 31)),
                FieldChange(f"{APP}.image", "shop/web:1.9.0", "shop/web:1.9.1", HERE),
                FieldChange(f"{APP}.env[LOG_LEVEL].value", "info", "debug"),
                FieldChange(f"{APP}.env[OLD]", {"name": "OLD", "value": "1"}, ABSENT),
                FieldChange(
                    f"{APP}.livenessProbe",
                    ABSENT,
                    {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10, "failureThreshold": 3},
                ),
            ),
            source="web/templates/deployment.yaml",
            restarts=3,
        ),
        ObjectChange(
            ref("ConfigMap", "web-nginx"),
            ObjectAction.UPDATE,
            (FieldChange('data["nginx.conf"]', NGINX_BEFORE, NGINX_AFTER),),
        ),
        ObjectChange(
            ref("Secret", "web-tls"),
            ObjectAction.UPDATE,
            (FieldChange('data["tls.crt"]', MASKED, MASKED), FieldChange("data.fresh", ABSENT, MASKED)),
            masked_keys=2,
        ),
        ObjectChange(ref("ConfigMap", "web-config-5f9c"), ObjectAction.CREATE),
        ObjectChange(ref("ConfigMap", "web-config-1b2a"), ObjectAction.DELETE),
        ObjectChange(ref("Job", "web-init", "batch/v1"), ObjectAction.REPLACE, reason="spec.template is immutable"),
        ObjectChange(ref("PersistentVolumeClaim", "web-data"), ObjectAction.KEEP),
        ObjectChange(ref("Service", "web"), ObjectAction.UNCHANGED),
    ),
    hooks=(
        Hook("web-migrate", "Job", "web/templates/m.yaml", "", (HookEvent.PRE_INSTALL, HookEvent.PRE_UPGRADE), -5),
        Hook("web-smoke", "Job", "web/templates/s.yaml", "", (HookEvent.POST_UPGRADE,)),
    ),
    inputs=(InputChange("values", "a1", "b2", HERE), InputChange("chart", "c3", "d4")),
    inputs_digest="sha256:11",
    content_digest="sha256:22",
    warnings=("extensions/v1beta1 Ingress was removed in Kubernetes 1.22",),
    needs=("redis",),
    labels={"tier": "front"},
)

ORDERS = ReleasePlan(
    "prod",
    "orders",
    "shop",
    ReleaseState.ABSENT,
    Action.INSTALL,
    chart_after="orders-1.4.2",
    objects=(
        ObjectChange(ref("Deployment", "orders", "apps/v1"), ObjectAction.CREATE),
        ObjectChange(ref("Service", "orders"), ObjectAction.CREATE),
    ),
)

CART = ReleasePlan(
    "prod",
    "cart",
    "shop",
    ReleaseState.FOREIGN,
    Action.REFUSE,
    reason="Deployment cart belongs to release legacy in namespace shop; Service cart belongs to no release",
)

MAIL = ReleasePlan(
    "prod",
    "mail",
    "shop",
    ReleaseState.UNWANTED,
    Action.UNINSTALL,
    from_revision=7,
    chart_before="mail-0.3.0",
    reason="no longer declared",
    objects=(ObjectChange(ref("Deployment", "mail", "apps/v1"), ObjectAction.DELETE),),
)

FEED = ReleasePlan(
    "prod",
    "feed",
    "shop",
    ReleaseState.DRIFTED,
    Action.CORRECT,
    from_revision=2,
    chart_before="feed-1.0.0",
    chart_after="feed-1.0.0",
    objects=(
        ObjectChange(
            ref("Deployment", "feed", "apps/v1"),
            ObjectAction.UPDATE,
            (FieldChange("spec.paused", True, ABSENT),),
            reason="changed in the cluster by kubectl-edit",
        ),
    ),
)

STUCK = ReleasePlan("prod", "stuck", "shop", ReleaseState.STALLED, Action.NOTHING, from_revision=9)

REDIS = ReleasePlan("prod", "redis", "shop", ReleaseState.CURRENT, Action.NOTHING, from_revision=1)
DB = ReleasePlan("prod", "db", "shop", ReleaseState.CURRENT, Action.NOTHING, from_revision=1)

PROD = EnvironmentPlan(
    "prod",
    "eu-1",
    "shop",
    "https://127.0.0.1:6443",
    (REDIS, WEB, ORDERS, CART, MAIL, FEED, STUCK, DB),
    "3f2c1abcdef0",
    "orders 1.4.2",
    True,
)
QUIET = EnvironmentPlan("test", "eu-1", "shop-test", "https://127.0.0.1:6443", (REDIS, DB))
