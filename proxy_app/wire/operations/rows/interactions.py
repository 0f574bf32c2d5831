"""Interactions, and what goes with them: agents, environments, credentials, triggers, webhooks, voices, decisions.

Names stand in paths as everywhere, in bodies as bare ids. The snapshot of an environment is a file.
"""

from dataclasses import replace

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Cools, Family, Gives, Made, Metered, Operation, Takes

_DAY = 24 * 3600.0


def _row(
    id_: str,
    http: str,
    template: str,
    *,
    gives: Gives = Gives.ANSWER,
    served: bool = False,
    makes: tuple[Made, ...] = (),
    tells: tuple[Made, ...] = (),
    chooses: Made | None = None,
    lists: str = "",
    root: str = "",
    also: tuple[str, ...] = (),
) -> Operation:
    """A row of this half: on a resource it is its owner's, else home; what changes something is not sent twice."""
    takes = Takes.STREAM if root else Takes.FIELDS if http in ("POST", "PATCH") else Takes.NOTHING
    return Operation(
        id_,
        http,
        template,
        family=Family.INTERACTIONS,
        served=served,
        takes=takes,
        gives=gives,
        repeat=Repeat.ALWAYS if http in ("GET", "DELETE") else Repeat.UNTIL_SENT,
        belongs=Belongs.OWNER if "{" in template else Belongs.HOME,
        makes=makes,
        tells=tells,
        chooses=chooses,
        names_models=takes is Takes.FIELDS,
        lists=lists,
        default_page=50 if lists else 0,
        max_page=1000 if lists else 0,
        root=root,
        also=also,
    )


def _collection(of: str, *, patch: bool = False, verbs: bool = False, chosen: bool = False) -> tuple[Operation, ...]:
    """The methods that every collection has. `verbs`: they may be written as verbs too (`environments:create`).

    `chosen`: the caller may choose ids.
    """
    one, id_ = f"{{id={of}/*}}", Made("id", of=of)
    rows = (
        _row(
            f"{of}.create",
            "POST",
            of,
            makes=(id_,),
            chooses=id_ if chosen else None,
            also=(f"{of}:create",) if verbs else (),
        ),
        _row(f"{of}.list", "GET", of, lists=of, also=(f"{of}:list",) if verbs else ()),
        _row(f"{of}.get", "GET", one, also=(f"{one}:get",) if verbs else ()),
        _row(f"{of}.delete", "DELETE", one, also=(f"{one}:delete",) if verbs else ()),
    )
    return (*rows, _row(f"{of}.patch", "PATCH", one)) if patch else rows


# Where an agent works.
_ENVIRONMENT = (Made("environment_id", of="environments"),)

CREATE = Operation(
    "interactions.create",
    "POST",
    "interactions",
    family=Family.INTERACTIONS,
    takes=Takes.FIELDS,
    names_models=True,
    gives=Gives.INTERACTION_EVENTS,  # or one object: the body says which
    repeat=Repeat.UNTIL_SENT,
    belongs=Belongs.HOME,
    makes=(Made("id", 55 * _DAY, of="interactions"),),
    tells=_ENVIRONMENT,
    cools=Cools.MODEL,
    metered=Metered.TOKENS,
)
# With `store: false` nothing is left of it upstream: any account will do, and another one after a failure.
CREATE_UNSTORED = replace(
    CREATE,
    id="interactions.createUnstored",
    repeat=Repeat.ALWAYS,
    belongs=Belongs.ANYBODY,
    makes=(),
    logged_as=CREATE.id,
)
# One of these that generateContent can say as well: accounts whose upstream has no interactions take part in it.
CREATE_STATELESS = replace(CREATE_UNSTORED, id="interactions.createStateless")

# It goes on without its client.
CREATE_IN_BACKGROUND = replace(CREATE, id="interactions.createInBackground", in_background=True, logged_as=CREATE.id)
CREATES = (CREATE, CREATE_UNSTORED, CREATE_STATELESS, CREATE_IN_BACKGROUND)

INTERACTION_ROWS: tuple[Operation, ...] = (
    CREATE,
    _row(
        "interactions.get",
        "GET",
        "{id=interactions/*}",
        gives=Gives.INTERACTION_EVENTS,  # or one object: the query says which
        served=True,
        tells=_ENVIRONMENT,
    ),
    _row("interactions.cancel", "POST", "{id=interactions/*}/cancel", served=True),
    _row("interactions.delete", "DELETE", "{id=interactions/*}", served=True),
    _row("interactions.authTokens.create", "POST", "{id=interactions/*}/auth_tokens"),
    _row("interactions.authTokens.delete", "DELETE", "{name=interactions/*/auth_tokens/*}"),
    _row("interactions.live", "GET", "interactions/live", gives=Gives.SOCKET),
    *_collection("agents", chosen=True),
    *_collection("environments", verbs=True),
    _row(
        "environments.files.get",
        "GET",
        "{name=environments/*/files/**}",
        gives=Gives.BYTES,
        also=("{name=environments/*}/files",),
    ),
    _row("environments.files.upload", "PUT", "{name=environments/*/files/**}", root="upload"),
    *_collection("credentials", patch=True, chosen=True),
    *_collection("triggers", patch=True),
    _row("triggers.run", "POST", "{id=triggers/*}/executions"),
    _row("triggers.executions.list", "GET", "{id=triggers/*}/executions"),
    *_collection("webhooks", patch=True),
    _row("webhooks.ping", "POST", "{id=webhooks/*}:ping"),
    _row("webhooks.rotateSigningSecret", "POST", "{id=webhooks/*}:rotateSigningSecret"),
    *_collection("voices"),
    Operation(
        "decisions.create",
        "POST",
        "decisions",
        family=Family.INTERACTIONS,
        served=False,
        takes=Takes.FIELDS,
        names_models=True,
        cools=Cools.MODEL,
        metered=Metered.TOKENS,
    ),
)
