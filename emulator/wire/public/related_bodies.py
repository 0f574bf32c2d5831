"""The shapes of what goes with interactions: credentials, triggers, voices, decisions, webhooks, tokens."""

RELATED_SHAPES = """
BearerToken: type:string id:string token:string header_name:string prefix:string
Oauth2: type:string id:string client_id:string client_secret:string refresh_token:string token_url:string scopes*string
EnvironmentVariable: type:string id:string value:string injection_location trusted_domains*string
Trigger: interaction:Interaction schedule:string time_zone:string display_name:string environment_id:string
  execution_timeout_seconds:int max_consecutive_failures:int
TriggerUpdate: display_name:string status:string
CreateVoice: voice:Voice store:bool
Voice: type:string display_name:string description:string model:string gender:string language_code:string
  region_code:string accent:string persona:string context:string pitch:string prompted:PromptedVoice
  replicated:ReplicatedVoice sample_audio:AudioData
PromptedVoice: input:string base_voice:string
ReplicatedVoice: source_audio:AudioData consent_audio:AudioData
AudioData: data:string mime_type:string
Decision: model:string input questions
Question: type:string instructions criteria
Webhook: uri:string subscribed_events*string name:string
WebhookUpdate: uri:string subscribed_events*string name:string state:string
PingWebhook:
RotateSigningSecret: revocation_behavior:string
AuthTokenRequest: expire_time:string
"""
