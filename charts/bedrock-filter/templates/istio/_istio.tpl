{{/* Whether this place is a Gateway that the chart makes. */}}
{{- define "bedrock.istio.context" -}}
{{ get (dict "gateway" "GATEWAY" "egress" "GATEWAY" "sidecar" "SIDECAR_OUTBOUND") .Values.istio.place }}
{{- end }}

{{/* Where a client's requests come in: the Gateway's own port, or Bedrock's in the mesh. */}}
{{- define "bedrock.istio.port" -}}
{{ ternary .Values.service.port 8088 (has .Values.istio.place (list "gateway" "egress")) }}
{{- end }}

{{/* Whom an EnvoyFilter changes. */}}
{{- define "bedrock.istio.target" -}}
{{- if eq .Values.istio.place "sidecar" -}}
workloadSelector:
  labels:
    {{- toYaml (required "istio.workloadLabels: the pods whose sidecar gets the filter" .Values.istio.workloadLabels) | nindent 4 }}
{{- else -}}
targetRefs:
- {group: gateway.networking.k8s.io, kind: Gateway, name: {{ include "bedrock.name" . }}}
{{- end }}
{{- end }}

{{/* The connection manager, or a filter in it, of the port that clients call. */}}
{{- define "bedrock.istio.manager" -}}
context: {{ include "bedrock.istio.context" .root }}
listener:
  portNumber: {{ include "bedrock.istio.port" .root }}
  filterChain:
    filter:
      name: envoy.filters.network.http_connection_manager
      {{- if .filter }}
      subFilter: {name: {{ .filter }}}
      {{- end }}
{{- end }}
