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
    served: bool = True,
    makes: tuple[Made, ...] = (),
    tells: tuple[Made, ...] = (),
    chooses: Made | None = None,
    lists: str = "",
    filters: tuple[str, ...] = (),
    exclusive: bool = False,
    secret: bool = False,
    in_background: bool = False,
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
        filters=filters,
        exclusive=exclusive,
        secret=secret,
        in_background=in_background,
        root=root,
        also=also,
    )


def _collection(
    of: str,
    *,
    patch: bool = False,
    verbs: bool = False,
    chosen: bool = False,
    exclusive: bool = False,
    secret: bool = False,
    runs: bool = False,
    filters: tuple[str, ...] = (),
) -> tuple[Operation, ...]:
    """The methods that every collection has. `verbs`: they may be written as verbs too (`environments:create`).

    `chosen`: the caller may choose ids. `exclusive`: it is for projects that are nobody else's. `secret`: what it is
    made of, or the answer to that, holds a secret. `runs`: it does something by itself.
    """
    one, id_ = f"{{id={of}/*}}", Made("id", of=of)
    rows = (
        _row(
            f"{of}.create",
            "POST",
            of,
            makes=(id_,),
            chooses=id_ if chosen else None,
            exclusive=exclusive,
            secret=secret,
            in_background=runs,
            also=(f"{of}:create",) if verbs else (),
        ),
        _row(f"{of}.list", "GET", of, lists=of, filters=filters, also=(f"{of}:list",) if verbs else ()),
        _row(f"{of}.get", "GET", one, also=(f"{one}:get",) if verbs else ()),
        _row(f"{of}.delete", "DELETE", one, also=(f"{one}:delete",) if verbs else ()),
    )
    return (*rows, _row(f"{of}.patch", "PATCH", one, secret=secret)) if patch else rows


_KEPT = 55 * _DAY  # the interactions of projects that pay; a day those of others
# Where an agent works.
_ENVIRONMENT = (Made("environment_id", of="environments"),)
# What a trigger has begun.
_RUN = Made("interaction_id", _KEPT, of="interactions")
_RUNS = (
    Made("trigger_executions[].interaction_id", _KEPT, of="interactions"),
    Made("trigger_executions[].environment_id", of="environments"),
)
# By which voices are chosen. Each may be given several times.
_OF_VOICES = ("accent", "context", "gender", "language_code", "persona", "pitch", "region_code", "search", "type")

# Making one says something with it.
_VOICES = tuple(
    replace(each, cools=Cools.MODEL, metered=Metered.TOKENS) if each.makes else each
    for each in _collection("voices", filters=_OF_VOICES)
)

# A file in an environment: its bytes or what there is to say of it, and how it gets there.
SHOW_FILE = _row("environments.files.get", "GET", "{name=environments/*/files/**}", gives=Gives.BYTES)
WRITE_FILE = _row(
    "environments.files.upload", "PUT", "{name=environments/*/files/**}", gives=Gives.BYTES, root="upload"
)

RUNS = _row("triggers.executions.list", "GET", "{id=triggers/*}/executions", tells=_RUNS)

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
    makes=(Made("id", _KEPT, of="interactions"),),
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
        tells=_ENVIRONMENT,
    ),
    _row("interactions.cancel", "POST", "{id=interactions/*}/cancel"),
    _row("interactions.delete", "DELETE", "{id=interactions/*}"),
    _row("interactions.authTokens.create", "POST", "{id=interactions/*}/auth_tokens", secret=True),
    _row("interactions.authTokens.delete", "DELETE", "{name=interactions/*/auth_tokens/*}"),
    _row("interactions.live", "GET", "interactions/live", gives=Gives.SOCKET, served=False),
    *_collection("agents", chosen=True, filters=("parent",)),
    *_collection("environments", verbs=True, secret=True, filters=("mode",)),
    # What is in the sandbox, and what one of its folders holds.
    _row("environments.files.list", "GET", "{parent=environments/*}/files", gives=Gives.BYTES),
    SHOW_FILE,
    WRITE_FILE,
    *_collection("credentials", patch=True, chosen=True, secret=True),
    *_collection("triggers", patch=True, runs=True),
    _row(
        "triggers.run",
        "POST",
        "{id=triggers/*}/executions",
        makes=(_RUN,),
        tells=_ENVIRONMENT,
        in_background=True,
    ),
    RUNS,
    *_collection("webhooks", patch=True, exclusive=True, secret=True),
    _row("webhooks.ping", "POST", "{id=webhooks/*}:ping"),
    _row("webhooks.rotateSigningSecret", "POST", "{id=webhooks/*}:rotateSigningSecret", secret=True),
    *_VOICES,
    Operation(
        "decisions.create",
        "POST",
        "decisions",
        family=Family.INTERACTIONS,
        takes=Takes.FIELDS,
        names_models=True,
        cools=Cools.MODEL,
        metered=Metered.TOKENS,
    ),
)
