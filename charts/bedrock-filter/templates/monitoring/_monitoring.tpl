{{/* How Prometheus asks an Envoy. `job` is what alerts and dashboard know the gateway by. */}}
{{- define "bedrock.scrape" -}}
- port: operations
  path: /stats/prometheus
  interval: {{ .interval }}
  relabelings:
  - {action: replace, targetLabel: job, replacement: bedrock}
{{- end }}
