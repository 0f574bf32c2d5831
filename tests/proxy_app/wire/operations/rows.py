"""What Google's list of methods says of each: one line a method, from which the table is tested.

A line is its id, a call as a client writes it, whose account has to answer, the resource that the path names and, where
that is not there, what the client hears; `~` is the whole path. `MADE` has what answers tell of new names.
"""

from dataclasses import dataclass

FORBIDDEN = "403 You do not have permission to access the {} {} or it may not exist."
NO_CACHE = "403 CachedContent not found (or permission denied)"
NOWHERE = "404 Requested entity was not found."


@dataclass(frozen=True)
class Row:
    id: str
    http: str
    path: str
    belongs: str
    name: str
    not_there: str


def _of(line: str) -> Row:
    id_, http, path, belongs, *name = line.split()
    named = name[0].replace("~", path.partition("/v1/")[2]) if name else ""
    return Row(id_, http, path, belongs, named, _not_there(named, http, path))


def _not_there(name: str, http: str, path: str) -> str:
    collection, _, below = name.partition("/")
    id_ = below.partition("/")[0]
    if collection == "models" and "/operations/" not in name:
        verb = path.rpartition(":")[2] if ":" in path else "generateContent"
        return (
            f"404 models/{below} is not found for API version v1beta, or is not supported for {verb}. "
            "Call ListModels to see the list of available models and their supported methods."
        )
    things = {"files": "File", "corpora": "Corpus", "fileSearchStores": "FileSearchStore", "tunedModels": "TunedModel"}
    if collection in things:
        return FORBIDDEN.format(things[collection], id_)
    return NO_CACHE if collection == "cachedContents" else NOWHERE


_LINES = """
models.list                    GET  /v1beta/models                                   anybody
models.get                     GET  /v1beta/models/m                                 anybody models/m
models.generateContent         POST /v1beta/models/m:generateContent                 anybody models/m
models.streamGenerateContent   POST /v1beta/models/m:streamGenerateContent           anybody models/m
models.countTokens             POST /v1beta/models/m:countTokens                     anybody models/m
models.embedContent            POST /v1beta/models/m:embedContent                    anybody models/m
models.batchEmbedContents      POST /v1beta/models/m:batchEmbedContents              anybody models/m
models.batchGenerateContent    POST /v1beta/models/m:batchGenerateContent            home    models/m
models.asyncBatchEmbedContent  POST /v1beta/models/m:asyncBatchEmbedContent          home    models/m
models.predict                 POST /v1beta/models/m:predict                         anybody models/m
models.predictLongRunning      POST /v1beta/models/m:predictLongRunning              home    models/m
models.operations.get          GET  /v1beta/models/m/operations/o                    owner   models/m/operations/o
models.operations.list         GET  /v1beta/models/m/operations                      home    models/m
models.generateAnswer          POST /v1beta/models/m:generateAnswer                  anybody models/m
models.generateText            POST /v1beta/models/m:generateText                    anybody models/m
models.generateMessage         POST /v1beta/models/m:generateMessage                 anybody models/m
models.embedText               POST /v1beta/models/m:embedText                       anybody models/m
models.batchEmbedText          POST /v1beta/models/m:batchEmbedText                  anybody models/m
models.countTextTokens         POST /v1beta/models/m:countTextTokens                 anybody models/m
models.countMessageTokens      POST /v1beta/models/m:countMessageTokens              anybody models/m
models.bidiGenerateContent     POST /v1beta/models/m:bidiGenerateContent             anybody models/m
dynamic.generateContent        POST /v1beta/dynamic/d:generateContent                owner   dynamic/d
dynamic.streamGenerateContent  POST /v1beta/dynamic/d:streamGenerateContent          owner   dynamic/d

tunedModels.list                   GET    /v1beta/tunedModels                            home
tunedModels.create                 POST   /v1beta/tunedModels                            home
tunedModels.get                    GET    /v1beta/tunedModels/t                          owner tunedModels/t
tunedModels.patch                  PATCH  /v1beta/tunedModels/t                          owner tunedModels/t
tunedModels.delete                 DELETE /v1beta/tunedModels/t                          owner tunedModels/t
tunedModels.transferOwnership      POST   /v1beta/tunedModels/t:transferOwnership        owner tunedModels/t
tunedModels.generateText           POST   /v1beta/tunedModels/t:generateText             owner tunedModels/t
tunedModels.generateContent        POST   /v1beta/tunedModels/t:generateContent          owner tunedModels/t
tunedModels.streamGenerateContent  POST   /v1beta/tunedModels/t:streamGenerateContent    owner tunedModels/t
tunedModels.batchGenerateContent   POST   /v1beta/tunedModels/t:batchGenerateContent     owner tunedModels/t
tunedModels.asyncBatchEmbedContent POST   /v1beta/tunedModels/t:asyncBatchEmbedContent   owner tunedModels/t
tunedModels.operations.get GET /v1beta/tunedModels/t/operations/o owner tunedModels/t/operations/o
tunedModels.operations.list        GET    /v1beta/tunedModels/t/operations               owner tunedModels/t
tunedModels.operations.cancel POST /v1/tunedModels/t/operations/o:cancel owner tunedModels/t/operations/o
tunedModels.permissions.list       GET    /v1beta/tunedModels/t/permissions              owner tunedModels/t
tunedModels.permissions.create     POST   /v1beta/tunedModels/t/permissions              owner tunedModels/t
tunedModels.permissions.get GET /v1beta/tunedModels/t/permissions/p owner tunedModels/t/permissions/p
tunedModels.permissions.patch PATCH /v1beta/tunedModels/t/permissions/p owner tunedModels/t/permissions/p
tunedModels.permissions.delete DELETE /v1beta/tunedModels/t/permissions/p owner tunedModels/t/permissions/p
corpora.list                       GET    /v1beta/corpora                                home
corpora.create                     POST   /v1beta/corpora                                home
corpora.get                        GET    /v1beta/corpora/c                              owner corpora/c
corpora.delete                     DELETE /v1beta/corpora/c                              owner corpora/c
corpora.operations.get             GET    /v1beta/corpora/c/operations/o                 owner corpora/c/operations/o
corpora.permissions.list           GET    /v1beta/corpora/c/permissions                  owner corpora/c
corpora.permissions.create         POST   /v1beta/corpora/c/permissions                  owner corpora/c
corpora.permissions.get            GET    /v1beta/corpora/c/permissions/p                owner corpora/c/permissions/p
corpora.permissions.patch          PATCH  /v1beta/corpora/c/permissions/p                owner corpora/c/permissions/p
corpora.permissions.delete         DELETE /v1beta/corpora/c/permissions/p                owner corpora/c/permissions/p

media.upload                   POST   /upload/v1beta/files                 home
files.create                   POST   /v1beta/files                        home
files.list                     GET    /v1beta/files                        home
files.get                      GET    /v1beta/files/f                      owner files/f
files.delete                   DELETE /v1beta/files/f                      owner files/f
files.register                 POST   /v1beta/files:register               anybody
files.download                 GET    /v1beta/files/f:download             owner files/f
generatedFiles.list            GET    /v1beta/generatedFiles               home
generatedFiles.operations.get  GET    /v1beta/generatedFiles/g/operations/o  owner generatedFiles/g/operations/o

cachedContents.list                 GET    /v1beta/cachedContents          home
cachedContents.create               POST   /v1beta/cachedContents          home
cachedContents.get                  GET    /v1beta/cachedContents/c        owner cachedContents/c
cachedContents.patch                PATCH  /v1beta/cachedContents/c        owner cachedContents/c
cachedContents.delete               DELETE /v1beta/cachedContents/c        owner cachedContents/c
batches.list                        GET    /v1beta/batches                 home
batches.get                         GET    /v1beta/batches/b               owner batches/b
batches.cancel                      POST   /v1beta/batches/b:cancel        owner batches/b
batches.delete                      DELETE /v1beta/batches/b               owner batches/b
batches.updateGenerateContentBatch  PATCH  /v1beta/batches/b:updateGenerateContentBatch  owner batches/b
batches.updateEmbedContentBatch     PATCH  /v1beta/batches/b:updateEmbedContentBatch     owner batches/b
operations.list                     GET    /v1/operations                  home
operations.delete                   DELETE /v1/operations/o                owner operations/o

fileSearchStores.list                   GET    /v1beta/fileSearchStores                       home
fileSearchStores.create                 POST   /v1beta/fileSearchStores                       home
fileSearchStores.get                    GET    /v1beta/fileSearchStores/s                     owner fileSearchStores/s
fileSearchStores.delete                 DELETE /v1beta/fileSearchStores/s                     owner fileSearchStores/s
fileSearchStores.importFile             POST   /v1beta/fileSearchStores/s:importFile          owner fileSearchStores/s
media.uploadToFileSearchStore  POST /upload/v1beta/fileSearchStores/s:uploadToFileSearchStore owner fileSearchStores/s
fileSearchStores.documents.list         GET    /v1beta/fileSearchStores/s/documents           owner fileSearchStores/s
fileSearchStores.documents.get GET /v1/fileSearchStores/s/documents/d owner fileSearchStores/s/documents/d
fileSearchStores.documents.delete DELETE /v1/fileSearchStores/s/documents/d owner fileSearchStores/s/documents/d
fileSearchStores.operations.get GET /v1/fileSearchStores/s/operations/o owner fileSearchStores/s/operations/o
fileSearchStores.upload.operations.get GET /v1/fileSearchStores/s/upload/operations/o owner ~

auth_tokens.create             POST   /v1alpha/auth_tokens                     anybody
interactions.create            POST   /v1beta/interactions                     home
interactions.get               GET    /v1beta/interactions/i                   owner interactions/i
interactions.delete            DELETE /v1beta/interactions/i                   owner interactions/i
interactions.cancel            POST   /v1beta/interactions/i/cancel            owner interactions/i
interactions.authTokens.create POST   /v1beta/interactions/i/auth_tokens       owner interactions/i
interactions.authTokens.delete DELETE /v1beta/interactions/i/auth_tokens/0f    owner interactions/i/auth_tokens/0f
interactions.live              GET    /v1beta/interactions/live                home
agents.create                  POST   /v1beta/agents                           home
agents.list                    GET    /v1beta/agents                           home
agents.get                     GET    /v1beta/agents/a                         owner agents/a
agents.delete                  DELETE /v1beta/agents/a                         owner agents/a
environments.create            POST   /v1beta/environments                     home
environments.list              GET    /v1beta/environments                     home
environments.get               GET    /v1beta/environments/e                   owner environments/e
environments.delete            DELETE /v1beta/environments/e                   owner environments/e
environments.files.list        GET    /v1beta/environments/e/files             owner environments/e
environments.files.get         GET    /v1beta/environments/e/files/a/b.py      owner environments/e/files/a/b.py
environments.files.upload      PUT    /upload/v1beta/environments/e/files/a/b  owner environments/e/files/a/b
credentials.create             POST   /v1beta/credentials                      home
credentials.list               GET    /v1beta/credentials                      home
credentials.get                GET    /v1beta/credentials/c                    owner credentials/c
credentials.patch              PATCH  /v1beta/credentials/c                    owner credentials/c
credentials.delete             DELETE /v1beta/credentials/c                    owner credentials/c
triggers.create                POST   /v1beta/triggers                         home
triggers.list                  GET    /v1beta/triggers                         home
triggers.get                   GET    /v1beta/triggers/t                       owner triggers/t
triggers.patch                 PATCH  /v1beta/triggers/t                       owner triggers/t
triggers.delete                DELETE /v1beta/triggers/t                       owner triggers/t
triggers.run                   POST   /v1beta/triggers/t/executions            owner triggers/t
triggers.executions.list       GET    /v1beta/triggers/t/executions            owner triggers/t
webhooks.create                POST   /v1beta/webhooks                         home
webhooks.list                  GET    /v1beta/webhooks                         home
webhooks.get                   GET    /v1beta/webhooks/w                       owner webhooks/w
webhooks.patch                 PATCH  /v1beta/webhooks/w                       owner webhooks/w
webhooks.delete                DELETE /v1beta/webhooks/w                       owner webhooks/w
webhooks.ping                  POST   /v1beta/webhooks/w:ping                  owner webhooks/w
webhooks.rotateSigningSecret   POST   /v1beta/webhooks/w:rotateSigningSecret   owner webhooks/w
voices.create                  POST   /v1beta/voices                           home
voices.list                    GET    /v1beta/voices                           home
voices.get                     GET    /v1beta/voices/v                         owner voices/v
voices.delete                  DELETE /v1beta/voices/v                         owner voices/v
decisions.create               POST   /v1beta/decisions                        anybody

openai.chat.completions        POST   /v1beta/openai/chat/completions          anybody
openai.embeddings              POST   /v1beta/openai/embeddings                anybody
openai.models.list             GET    /v1beta/openai/models                    anybody
openai.models.get              GET    /v1beta/openai/models/m                  anybody models/m
openai.images.generations      POST   /v1beta/openai/images/generations        anybody
openai.videos.create           POST   /v1beta/openai/videos                    home
openai.videos.get  GET  /v1beta/openai/videos/models/m/operations/o  owner  models/m/operations/o
openai.batches.create          POST   /v1beta/openai/batches                   home
openai.batches.get             GET    /v1beta/openai/batches/b                 owner   batches/b
openai.batches.cancel          POST   /v1beta/openai/batches/b/cancel          owner   batches/b
openai.files.create            POST   /v1beta/openai/files                     home
openai.files.list              GET    /v1beta/openai/files                     home
openai.files.get               GET    /v1beta/openai/files/f                   owner   files/f
openai.files.content           GET    /v1beta/openai/files/f/content           owner   files/f
openai.files.delete            DELETE /v1beta/openai/files/f                   owner   files/f

live.bidiGenerateContent  GET /ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent anybody
live.bidiGenerateMusic    GET /ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateMusic  anybody
discovery.rest            GET /$discovery/rest            anybody
jwks.get                  GET /.well-known/jwks.json      anybody
"""

ROWS = [_of(line) for line in _LINES.splitlines() if line]

_VIDEO = b'{"response":{"generateVideoResponse":{"generatedSamples":[{"video":{"uri":"https://g/v1beta/files/%s:download"}}]}}}'

# By the method: an answer of Google's, and the names in it that have to be asked of the same project from then on.
MADE = {
    "models.batchGenerateContent": (b'{"name":"batches/b","metadata":{}}', "batches/b"),
    "models.asyncBatchEmbedContent": (b'{"name":"batches/b"}', "batches/b"),
    "models.predictLongRunning": (b'{"name":"models/m/operations/o"}', "models/m/operations/o"),
    "tunedModels.create": (b'{"name":"tunedModels/t/operations/o"}', "tunedModels/t"),
    "tunedModels.batchGenerateContent": (b'{"name":"batches/b"}', "batches/b"),
    "tunedModels.asyncBatchEmbedContent": (b'{"name":"batches/b"}', "batches/b"),
    "corpora.create": (b'{"name":"corpora/c"}', "corpora/c"),
    "media.upload": (b'{"file":{"name":"files/f"}}', "files/f"),
    "files.create": (b'{"file":{"name":"files/f"}}', "files/f"),
    "cachedContents.create": (b'{"name":"cachedContents/c"}', "cachedContents/c"),
    "fileSearchStores.create": (b'{"name":"fileSearchStores/s-1"}', "fileSearchStores/s-1"),
    "auth_tokens.create": (b'{"name":"auth_tokens/t"}', "auth_tokens/t"),
    "interactions.create": (b'{"id":"v1_i-_","object":"interaction"}', "interactions/v1_i-_"),
    "agents.create": (b'{"id":"mine"}', "agents/mine"),
    "environments.create": (b'{"id":"6f-e"}', "environments/6f-e"),
    "credentials.create": (b'{"id":"c"}', "credentials/c"),
    "triggers.create": (b'{"id":"t"}', "triggers/t"),
    "webhooks.create": (b'{"id":"w"}', "webhooks/w"),
    "voices.create": (b'{"id":"voice_x"}', "voices/voice_x"),
    "triggers.run": (b'{"id":"x","interaction_id":"v1_a","environment_id":"e1"}', "interactions/v1_a"),
    "openai.videos.create": (b'{"id":"models/veo/operations/o"}', "models/veo/operations/o"),
    "openai.batches.create": (b'{"id":"batches/b"}', "batches/b"),
}
_INTERACTION = b'{"id":"v1_a","environment_id":"e1"}'
TOLD = {
    "models.operations.get": (_VIDEO % b"x1", "files/x1"),
    "openai.videos.get": (b'{"id":"models/m/operations/o","url":"https://g/v1beta/files/x2:download"}', "files/x2"),
    "interactions.create": (_INTERACTION, "environments/e1"),
    "interactions.get": (_INTERACTION, "environments/e1"),
    "triggers.run": (b'{"id":"x","interaction_id":"v1_a","environment_id":"e1"}', "environments/e1"),
    "triggers.executions.list": (b'{"trigger_executions":[{"id":"x","interaction_id":"v1_a"}]}', "interactions/v1_a"),
}
