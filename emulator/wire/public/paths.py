"""The paths of the public API: which method a verb and a path below the version are."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Verb, path, method, first fit first. `*` is one segment, `**` any number; what stands in braces is the resource. A
# path that ends in `:*` names its method itself. `upload/` and `download/` stand before the version in the real path.
_ROWS = """
POST    {interactions}                      createInteraction
GET     {interactions/*}                    getInteraction
DELETE  {interactions/*}                    deleteInteraction
POST    {interactions/*}/cancel             cancelInteraction
GET     {agents}                            listAgents
POST    {agents}                            createAgent
GET     {agents/*}                          getAgent
DELETE  {agents/*}                          deleteAgent
GET     {environments}                      listEnvironments
GET     {environments}:list                 listEnvironments
POST    {environments}                      createEnvironment
POST    {environments}:create               createEnvironment
GET     {environments/*}                    getEnvironment
GET     {environments/*}:get                getEnvironment
DELETE  {environments/*}                    deleteEnvironment
DELETE  {environments/*}:delete             deleteEnvironment
GET     {environments/*/files}              getEnvironmentFiles
GET     {environments/*/files/**}           getEnvironmentFiles
ANY     upload/{environments/*/files/**}    upload
GET     models                              listModels
GET     {models/**/operations/*}            getOperation
GET     {models/**/operations}              listOperations
GET     {models/**}                         getModel
POST    {models/**}:*
GET     {tunedModels}                       listTunedModels
POST    tunedModels                         createTunedModel
GET     {tunedModels/*}                     getTunedModel
PATCH   {tunedModels/*}                     updateTunedModel
DELETE  {tunedModels/*}                     deleteTunedModel
GET     {tunedModels/*/operations}          listOperations
GET     {tunedModels/*/operations/*}        getOperation
POST    {tunedModels/*/operations/*}:cancel cancelOperation
POST    {tunedModels/*}:*
POST    {dynamic/*}:*
GET     {corpora}                           listCorpora
POST    corpora                             createCorpus
GET     {corpora/*}                         getCorpus
DELETE  {corpora/*}                         deleteCorpus
GET     {corpora/*/operations/*}            getOperation
GET     {*/*/permissions}                   listPermissions
POST    {*/*/permissions}                   createPermission
GET     {*/*/permissions/*}                 getPermission
PATCH   {*/*/permissions/*}                 updatePermission
DELETE  {*/*/permissions/*}                 deletePermission
GET     generatedFiles                      listGeneratedFiles
GET     {generatedFiles/*/operations/*}     getOperation
POST    auth_tokens                         createAuthToken
GET     operations                          listOperations
GET     {operations/*}                      getOperation
DELETE  {operations/*}                      deleteOperation
GET     batches                             listBatches
GET     {batches/*}                         getBatch
POST    {batches/*}:cancel                  cancelBatch
DELETE  {batches/*}                         deleteBatch
PATCH   {batches/*}:updateGenerateContentBatch updateGenerateContentBatch
PATCH   {batches/*}:updateEmbedContentBatch updateEmbedContentBatch
GET     fileSearchStores                    listFileSearchStores
POST    fileSearchStores                    createFileSearchStore
GET     {fileSearchStores/*}                getFileSearchStore
DELETE  {fileSearchStores/*}                deleteFileSearchStore
POST    {fileSearchStores/*}:importFile     importFile
ANY     upload/{fileSearchStores/*}:uploadToFileSearchStore upload
GET     {fileSearchStores/*}/documents      listDocuments
GET     {fileSearchStores/*/documents/*}    getDocument
DELETE  {fileSearchStores/*/documents/*}    deleteDocument
GET     {fileSearchStores/*/operations/*}   getOperation
GET     {fileSearchStores/*/upload/operations/*} getOperation
GET     cachedContents                      listCachedContents
POST    cachedContents                      createCachedContent
GET     {cachedContents/*}                  getCachedContent
PATCH   {cachedContents/*}                  updateCachedContent
DELETE  {cachedContents/*}                  deleteCachedContent
GET     files                               listFiles
POST    files                               createFile
POST    files:register                      registerFiles
GET     {files/*}                           getFile
DELETE  {files/*}                           deleteFile
GET     {files/*}:download                  downloadFile
GET     download/{files/*}:download         downloadFile
ANY     upload/{files}                      upload
POST    {interactions/*/auth_tokens}        createInteractionAuthToken
DELETE  {interactions/*/auth_tokens/*}      deleteInteractionAuthToken
GET     {credentials}                       listCredentials
POST    {credentials}                       createCredential
GET     {credentials/*}                     getCredential
PATCH   {credentials/*}                     updateCredential
DELETE  {credentials/*}                     deleteCredential
GET     {triggers}                          listTriggers
POST    {triggers}                          createTrigger
GET     {triggers/*}                        getTrigger
PATCH   {triggers/*}                        updateTrigger
DELETE  {triggers/*}                        deleteTrigger
GET     {triggers/*/executions}             listTriggerExecutions
POST    {triggers/*/executions}             runTrigger
GET     {voices}                            listVoices
POST    {voices}                            createVoice
GET     {voices/*}                          getVoice
DELETE  {voices/*}                          deleteVoice
POST    {decisions}                         createDecision
GET     {webhooks}                          listWebhooks
POST    {webhooks}                          createWebhook
GET     {webhooks/*}                        getWebhook
PATCH   {webhooks/*}                        updateWebhook
DELETE  {webhooks/*}                        deleteWebhook
POST    {webhooks/*}:ping                   pingWebhook
POST    {webhooks/*}:rotateSigningSecret    rotateSigningSecret
POST    openai/chat/completions             openaiChat
POST    openai/embeddings                   openaiEmbeddings
GET     openai/models                       openaiListModels
GET     openai/models/{**}                  openaiGetModel
POST    openai/images/generations           openaiImages
POST    openai/videos                       openaiCreateVideo
GET     openai/videos/{**}                  openaiGetVideo
POST    openai/batches                      openaiCreateBatch
POST    openai/batches/{**}/cancel          openaiCancelBatch
GET     openai/batches/{**}                 openaiGetBatch
"""

_WILD = {"**": "[^?]*", "*": "[^/:]+", "{": "(?P<resource>", "}": ")"}


@dataclass(frozen=True, slots=True)
class _Row:
    verb: str
    path: re.Pattern[str]
    method: str


def _parse(line: str) -> _Row:
    verb, template, *method = line.split()
    bare = template.removesuffix(":*")
    pieces = re.split(r"(\*\*|\*|\{|\})", bare)
    pattern = "".join(_WILD.get(piece) or re.escape(piece) for piece in pieces)
    ending = "" if bare == template else r":(?P<verb>\w+)"
    return _Row(verb, re.compile(pattern + ending), method[0] if method else "")


_TABLE = tuple(_parse(line) for line in _ROWS.strip().splitlines())


def method_of(verb: str, path: str) -> tuple[str, str] | None:
    """The method's name and its resource ("" for none), None for a path that Google does not know.

    A HEAD is asked like a GET. `path` has its root before it where it has one: `upload/files`.
    """
    asked = "GET" if verb == "HEAD" else verb
    for row in _TABLE:
        if row.verb in {asked, "ANY"} and (match := row.path.fullmatch(path)):
            found = match.groupdict()
            return row.method or found["verb"], found.get("resource") or ""
    return None
