"""Asking for deployments: what, where, as whom, and how long to wait."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.kinds import Kind, Unfit

_NEXT = re.compile(r"[,\n]\s*(?=[A-Za-z_][\w.-]*=)")


def _variables(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """A comma or a new line begins the next one only where `NAME=` follows: else it belongs to the value."""
    found = []
    for text in (part for one in texts for part in _NEXT.split(one.removesuffix("\n"))):
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise Unfit("a variable has no name or no =", "write NAME=VALUE")
        found.append((name.strip(), value))
    return tuple(found)


VARIABLES = Kind("NAME=VALUE", _variables, many=True)

RESOURCE = Flag("resource", kinds.FILES, "YAML or JSON with what is to be deployed; - is the standard input.")
VAR = Flag("var", VARIABLES, "Fills {{NAME}} in; can be given several times.")
VARS = Flag("vars", kinds.FILE, "Variables in a file of YAML or JSON; --var goes before it.")
ALLOW_MISSING = Flag("allow-missing", kinds.BOOLEAN, "A variable that is missing prints nothing.", ours=True)
TEAM = Flag("team", kinds.NAME, "Who deploys.", default="the label team of the resources")
CLUSTER = Flag("cluster", kinds.NAME, "Where to.", own_variable="FAIRWAY_DEPLOY_CLUSTER")
ENVIRONMENT = Flag("environment", kinds.NAME, "What people call it.", default="the cluster, and the namespace")
REPOSITORY = Flag("repository", kinds.NAME, "Its name, or OWNER/NAME.", default="that of the pipeline")
OWNER = Flag("owner", kinds.NAME, "Of the repository.", default="that of the pipeline")
REF = Flag("ref", kinds.NAME, "Commit, tag or branch.", default="the commit of the pipeline")
DESCRIPTION = Flag("description", kinds.TEXT, "A line for people.", ours=True)
WAIT = Flag("wait", kinds.BOOLEAN, "Wait for the outcome, and show every status.", default="false")
TIMEOUT = Flag("timeout", kinds.DURATION, "For asking and waiting together.", default="10m")

DRY_RUN = Flag("dry-run", kinds.BOOLEAN, "Fill in and check everything, and ask for nothing.")
PRINT_PAYLOAD = Flag("print-payload", kinds.BOOLEAN, "Print what is asked for, as JSON; Secrets without their values.")
QUIET = Flag("quiet", kinds.BOOLEAN, "Only mistakes.")
RETRY = Flag("retry", kinds.BOOLEAN, "Try again while nobody answers.", default="true")
ACTIONS = Flag("actions", kinds.BOOLEAN, "Annotations and groups of GitHub Actions.", default="where it runs there")

VIA = Flag(
    "via", kinds.one_of("github", "server"), "Whom to ask.", default="server, where its address is given", ours=True
)
SERVER = Flag("deploy-server", kinds.URL, "Address of hookd, for asking it itself.")
APIKEY = Flag("apikey", kinds.SECRET, "The team's key at hookd.", secret=True)
AUDIENCE = Flag("audience", kinds.TEXT, "Of the token of GitHub Actions.", default="the server's address", ours=True)
GITHUB_TOKEN = Flag("github-token", kinds.SECRET, "For creating the deployment at GitHub.", secret=True)
TRANSIENT = Flag("transient-environment", kinds.BOOLEAN, "The environment goes away again, like a preview.", ours=True)
PRODUCTION = Flag("production-environment", kinds.BOOLEAN, "People use it.", default="GitHub decides", ours=True)

URL = Flag(
    "url", kinds.URL, "Address of hookd.", default="http://127.0.0.1:8080", ours=True, own_variable="FAIRWAY_HOOKD_URL"
)
HMAC = Flag("hmac", kinds.SECRET, "The webhook's secret; none sends no signature.", secret=True)
PAYLOAD = Flag("payload", kinds.TEXT, "JSON, or a file with it, - for the standard input: in place of --resource.")
FULL_NAME = Flag("repository", kinds.NAME, "OWNER/NAME.")
TO = Flag("environment", kinds.NAME, "The cluster.")
EVENT_REF = Flag("ref", kinds.NAME, "Commit, tag or branch.", default="main")
DELIVERY = Flag("delivery-id", kinds.NAME, "To send a delivery again.", default="a new one", ours=True)
DEPLOYMENT = Flag("deployment-id", kinds.number(1), "GitHub's number.", default="a new one", ours=True)

WHAT = Group("What", (RESOURCE, VAR, VARS, ALLOW_MISSING, TEAM))
WHERE = Group("Where", (CLUSTER, ENVIRONMENT, OWNER, REPOSITORY, REF, DESCRIPTION, TRANSIENT, PRODUCTION))
HOW = Group("How", (WAIT, TIMEOUT, RETRY, DRY_RUN, PRINT_PAYLOAD, QUIET, ACTIONS))
EVENT_WHAT = Group("What", (RESOURCE, PAYLOAD, VAR, VARS, ALLOW_MISSING, TEAM))
EVENT_WHERE = Group("Where", (URL, HMAC, FULL_NAME, TO, EVENT_REF, DESCRIPTION, DELIVERY, DEPLOYMENT))
EVENT_HOW = Group("How", (WAIT, TIMEOUT))
