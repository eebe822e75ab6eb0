{{/* What Envoy as a whole may take. */}}
{{- define "bedrock.overload" -}}
refresh_interval: 0.25s
resource_monitors:
- name: envoy.resource_monitors.fixed_heap
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig
    max_heap_size_bytes: {{ int64 .Values.guards.heapBytes }}
- name: envoy.resource_monitors.global_downstream_max_connections
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
    max_active_downstream_connections: {{ int64 .Values.guards.connections }}
actions:
# First free pages are given back,
- name: envoy.overload_actions.shrink_heap
  triggers: [{name: envoy.resource_monitors.fixed_heap, threshold: {value: 0.8}}]
# then the streams that hold most are ended, one after the other,
- name: envoy.overload_actions.reset_high_memory_stream
  triggers: [{name: envoy.resource_monitors.fixed_heap, scaled: {scaling_threshold: 0.85, saturation_threshold: 0.95}}]
# then new requests are refused (503), and new connections not accepted.
- name: envoy.overload_actions.stop_accepting_requests
  triggers: [{name: envoy.resource_monitors.fixed_heap, threshold: {value: 0.95}}]
- name: envoy.overload_actions.stop_accepting_connections
  triggers: [{name: envoy.resource_monitors.fixed_heap, threshold: {value: 0.98}}]
# Streams are counted for that from a mebibyte on.
buffer_factory_config: {minimum_account_to_track_power_of_two: 20}
{{- end }}

{{- define "bedrock.http2" -}}
# A ping that every client has to answer.
connection_keepalive: {interval: 60s, timeout: 20s}
max_concurrent_streams: 100
initial_stream_window_size: 1048576
initial_connection_window_size: 4194304
max_outbound_frames: 10000
max_outbound_control_frames: 1000
max_consecutive_inbound_frames_with_empty_payload: 1
max_inbound_priority_frames_per_stream: 100
max_inbound_window_update_frames_per_data_frame_sent: 10
{{- end }}

{{/* Every error that Envoy makes itself has OpenAI's shape too. Replies of the filter carry details that begin with `bedrock_`. */}}
{{- define "bedrock.localReplies" -}}
mappers:
- filter:
    extension_filter:
      name: envoy.access_loggers.extension_filters.cel
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter
        expression: "response.code_details == 'request_payload_too_large' || response.code == 413 && !response.code_details.startsWith('bedrock_')"
  body_format_override:
    json_format: {error: {message: "The request body is too large.", type: invalid_request_error, param: null, code: request_too_large}}
    content_type: application/json
- filter:
    extension_filter:
      name: envoy.access_loggers.extension_filters.cel
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter
        expression: "response.code_details != '' && !response.code_details.startsWith('bedrock_') && response.code >= 500"
  body_format_override:
    json_format: {error: {message: "The gateway got no answer from Bedrock.", type: server_error, param: null, code: upstream_unavailable}}
    content_type: application/json
- filter:
    extension_filter:
      name: envoy.access_loggers.extension_filters.cel
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter
        expression: "response.code_details != '' && !response.code_details.startsWith('bedrock_')"
  body_format_override:
    json_format: {error: {message: "The gateway refused the request.", type: invalid_request_error, param: null, code: request_refused}}
    content_type: application/json
{{- end }}

{{- define "bedrock.limits" -}}
thresholds:
- {max_connections: {{ .most }}, max_pending_requests: {{ .most }}, max_requests: {{ .most }}, max_retries: 3}
{{- end }}

{{/* A cluster of a host of AWS's, over TLS: `name` and `host`, and `most` requests at a time. */}}
{{- define "bedrock.awsCluster" -}}
name: {{ .name }}
# AWS answers with other addresses all the time; those of connections in use stay in use.
type: LOGICAL_DNS
dns_lookup_family: V4_PREFERRED
connect_timeout: 2s
upstream_connection_options: {tcp_keepalive: {keepalive_time: 60, keepalive_interval: 15, keepalive_probes: 3}}
circuit_breakers:
  {{- include "bedrock.limits" . | nindent 2 }}
load_assignment:
  cluster_name: {{ .name }}
  endpoints:
  - lb_endpoints:
    - endpoint: {address: {socket_address: {address: {{ .host }}, port_value: 443}}}
transport_socket:
  name: tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
    sni: {{ .host }}
    auto_sni_san_validation: true
    common_tls_context: {validation_context: {trusted_ca: {filename: /etc/ssl/certs/ca-certificates.crt}}}
{{- end }}

{{/* Clusters that the filter itself asks: Bedrock's control plane, and whoever gives credentials. A list. */}}
{{- define "bedrock.ownClusters" -}}
- {{ include "bedrock.awsCluster" (dict "name" "bedrock-control" "host" (printf "bedrock.%s.%s" .Values.aws.region (include "bedrock.domain" .)) "most" 64) | nindent 2 | trim }}
{{- if ne .Values.aws.credentials "environment" }}
# Token files: the listener above.
- name: token-files
  connect_timeout: 1s
  circuit_breakers:
    {{- include "bedrock.limits" (dict "most" 16) | nindent 4 }}
  load_assignment:
    cluster_name: token-files
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {pipe: {path: /tmp/bedrock-token-files.sock}}}
{{- end }}
{{- if eq .Values.aws.credentials "pod-identity" }}
# EKS Pod Identity's agent, on every node.
- name: pod-identity
  connect_timeout: 1s
  circuit_breakers:
    {{- include "bedrock.limits" (dict "most" 16) | nindent 4 }}
  load_assignment:
    cluster_name: pod-identity
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: 169.254.170.23, port_value: 80}}}
{{- else if eq .Values.aws.credentials "web-identity" }}
- {{ include "bedrock.awsCluster" (dict "name" "sts" "host" (printf "sts.%s.%s" .Values.aws.region (include "bedrock.domain" .)) "most" 16) | nindent 2 | trim }}
{{- end }}
{{- end }}

{{/* A listener that serves token files, to this Envoy alone: the filter reads no files. */}}
{{- define "bedrock.tokenFiles" -}}
{{- $directory := ternary "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount" "/var/run/secrets/eks.amazonaws.com/serviceaccount" (eq .Values.aws.credentials "pod-identity") -}}
{{- $file := ternary "eks-pod-identity-token" "token" (eq .Values.aws.credentials "pod-identity") -}}
name: token-files
# Nobody else may open it (0600).
address: {pipe: {path: /tmp/bedrock-token-files.sock, mode: 384}}
bypass_overload_manager: true
filter_chains:
- filters:
  - name: envoy.filters.network.http_connection_manager
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
      stat_prefix: token_files
      route_config:
        # The default of 4096 is too small for some tokens.
        max_direct_response_body_size_bytes: 32768
        virtual_hosts:
        - name: token-files
          domains: ["*"]
          routes:
          - match: {path: /{{ .Values.aws.credentials }}}
            direct_response:
              status: 200
              body: {filename: {{ $directory }}/{{ $file }}, watched_directory: {path: {{ $directory }}}}
      http_filters:
      - name: envoy.filters.http.router
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
{{- end }}

{{/* Labels stand in the names of the filter's statistics: by these they become labels. Each is one of docs/metrics.md. */}}
{{- define "bedrock.statLabels" -}}
[caller, team, model, region, status, outcome, code, type, limit, account]
{{- end }}

{{- define "bedrock.statTags" -}}
{{- range include "bedrock.statLabels" . | fromYamlArray }}
- {tag_name: {{ . }}, regex: '(bedrock_{{ . }}=\.=(.*?);\.;)'}
{{- end }}
{{- end }}

{{/* The steps of the filter's histograms, in milliseconds. */}}
{{- define "bedrock.histograms" -}}
- match: {prefix: wasmcustom.bedrock.time_to_first_token}
  buckets: [50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10000, 30000, 60000]
- match: {prefix: wasmcustom.bedrock.duration}
  buckets: [100, 250, 500, 1000, 2500, 5000, 10000, 20000, 30000, 60000, 120000, 300000]
{{- end }}
