{{/* The plugin's configuration: `config`, with what the chart knows where it has nothing. */}}
{{- define "bedrock.configuration" -}}
{{- $config := deepCopy .Values.config -}}
{{- if not (hasKey $config "region") }}{{ $_ := set $config "region" .Values.aws.region }}{{ end -}}
{{- if and .Values.aws.endpoint (not (hasKey $config "endpoint")) }}{{ $_ := set $config "endpoint" (printf "https://%s" .Values.aws.endpoint) }}{{ end -}}
{{- if not (hasKey $config "credentials") }}{{ $_ := set $config "credentials" (include "bedrock.credentials" . | fromYaml) }}{{ end -}}
{{ toYaml $config }}
{{- end }}

{{- define "bedrock.credentials" -}}
{{- if eq .Values.aws.credentials "pod-identity" -}}
container:
  cluster: pod-identity
  uri: ${AWS_CONTAINER_CREDENTIALS_FULL_URI}
  authorization_token_file: {cluster: token-files, path: /pod-identity}
{{- else if eq .Values.aws.credentials "web-identity" -}}
web_identity:
  cluster: sts
  role_arn: ${AWS_ROLE_ARN}
  token: {cluster: token-files, path: /web-identity}
{{- else -}}
access_key_id: ${AWS_ACCESS_KEY_ID:-}
secret_access_key: ${AWS_SECRET_ACCESS_KEY:-}
session_token: ${AWS_SESSION_TOKEN:-}
bearer_token: ${AWS_BEARER_TOKEN_BEDROCK:-}
{{- end }}
{{- end }}

{{/* The filter in one of its places: `root` and `role`. */}}
{{- define "bedrock.wasm" -}}
"@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
config:
  name: bedrock
  root_id: {{ .role }}
  # The filter holds headers while it reads bodies.
  allow_on_headers_stop_iteration: true
  # Should a worker's VM ever fail, the next request gets a new one.
  failure_policy: FAIL_RELOAD
  reload_config: {backoff: {base_interval: 0.05s, max_interval: 1s}}
  vm_config:
    # Both places share one VM per worker, and with nobody else.
    vm_id: bedrock
    runtime: envoy.wasm.runtime.v8
    code: {local: {filename: /opt/bedrock/plugin.wasm}}
    {{- $names := regexFindAll "\\$\\{\\w+" (include "bedrock.configuration" .root) -1 }}
    {{- if $names }}
    # The variables that the configuration names.
    environment_variables:
      host_env_keys:
      {{- range $names | uniq | sortAlpha }}
      - {{ trimPrefix "${" . }}
      {{- end }}
    {{- end }}
  configuration:
    "@type": type.googleapis.com/google.protobuf.Struct
    value:
      {{- include "bedrock.configuration" .root | nindent 6 }}
{{- end }}

{{/* Where Envoy asks its control plane for a filter. */}}
{{- define "bedrock.discovered" -}}
config_discovery:
  type_urls: [type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm]
  config_source: {resource_api_version: V3, ads: {}, initial_fetch_timeout: 0s}
{{- end }}
