{{- define "bedrock.name" -}}
{{- $name := ternary .Release.Name (printf "%s-bedrock" .Release.Name) (contains "bedrock" .Release.Name) -}}
{{ $name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "bedrock.selector" -}}
app.kubernetes.io/name: bedrock-filter
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "bedrock.labels" -}}
{{ include "bedrock.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Bedrock's host, and that of its control plane. */}}
{{- define "bedrock.host" -}}
{{ .Values.aws.endpoint | default (printf "bedrock-runtime.%s.%s" .Values.aws.region (include "bedrock.domain" .)) }}
{{- end }}

{{- define "bedrock.domain" -}}
{{ if hasPrefix "cn-" .Values.aws.region }}amazonaws.com.cn{{ else }}amazonaws.com{{ end }}
{{- end }}

{{- define "bedrock.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "bedrock.name" .) }}
{{- end }}

{{- define "bedrock.graceSeconds" -}}
{{ add .Values.drain.noticeSeconds .Values.drain.streamSeconds 15 }}
{{- end }}
