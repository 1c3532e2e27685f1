{{- define "countersign.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels that select all pods of the release. */}}
{{- define "countersign.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "countersign.labels" -}}
{{ include "countersign.selector" . }}
app.kubernetes.io/part-of: countersign
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* (root, component): labels that select the component's pods. */}}
{{- define "countersign.componentSelector" -}}
{{- $root := index . 0 -}}
{{ include "countersign.selector" $root }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (root, component): metadata of an object of the component, but its name. */}}
{{- define "countersign.metadata" -}}
{{- $root := index . 0 -}}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "countersign.labels" $root | nindent 2 }}
  app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (root, image name) */}}
{{- define "countersign.image" -}}
{{- $root := index . 0 -}}
{{- printf "%s/%s:%s" $root.Values.image.registry (index . 1) (default $root.Chart.AppVersion $root.Values.image.tag) -}}
{{- end -}}

{{/* (root, service): the Secret with the service's own keys. */}}
{{- define "countersign.keysSecret" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- default (printf "%s-%s-keys" (include "countersign.fullname" $root) (kebabcase $service)) (index $root.Values.secrets.existing $service) -}}
{{- end -}}

{{/* (root, service): the Secret with the password of the service's role. */}}
{{- define "countersign.databaseSecret" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $made := printf "%s-%s-database" (include "countersign.fullname" $root) (kebabcase $service) -}}
{{- if eq $root.Values.database.mode "external" -}}
{{- default $made (index $root.Values.database.external.passwordSecrets $service) -}}
{{- else -}}{{ $made }}{{- end -}}
{{- end -}}

{{/* The Secret with the edge's public certificate. */}}
{{- define "countersign.publicSecret" -}}
{{- default (printf "%s-edge-public-tls" (include "countersign.fullname" .)) .Values.edge.tls.secret -}}
{{- end -}}

{{- define "countersign.edgePort" -}}
{{- if .Values.edge.service.port -}}{{ .Values.edge.service.port }}
{{- else if .Values.edge.tls.enabled -}}443{{- else -}}80{{- end -}}
{{- end -}}

{{- define "countersign.edgeUrl" -}}
{{- printf "%s://%s-edge:%s" (ternary "https" "http" .Values.edge.tls.enabled) (include "countersign.fullname" .) (include "countersign.edgePort" .) -}}
{{- end -}}

{{/* Where PostgreSQL is, as a dictionary: host, port, sslMode, authoritySecret. */}}
{{- define "countersign.databaseServer" -}}
{{- $name := include "countersign.fullname" . -}}
{{- if eq .Values.database.mode "external" }}
host: {{ required "database.external.host is required with database.mode external" .Values.database.external.host }}
port: {{ .Values.database.external.port }}
sslMode: {{ .Values.database.external.sslMode }}
authoritySecret: {{ .Values.database.external.authoritySecret | quote }}
{{- else if eq .Values.database.mode "cloudNativePg" }}
host: {{ $name }}-postgres-rw
port: 5432
sslMode: verify-full
authoritySecret: {{ $name }}-postgres-ca
{{- else }}
host: {{ $name }}-postgres
port: 5432
sslMode: verify-full
authoritySecret: {{ $name }}-postgres-tls
{{- end }}
{{- end -}}
