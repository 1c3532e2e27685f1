{{/*
The design of the services, as data: each one's component name, the services that it calls, its database schema, the
files of its Secret of keys. Everything else in the templates follows from this table.
*/}}
{{- define "countersign.services" -}}
authn: {component: authn, calls: [policy], schema: authn, keys: [key-hash.key, vault.key, internal-signing.pem]}
policy: {component: policy, calls: [authn], schema: policy}
approval: {component: approval, calls: [authn, policy], schema: approval, keys: [content.key]}
masking: {component: masking, calls: [authn, policy], keys: [hash.key]}
sessionRecorder: {component: session-recorder, calls: [authn, approval], schema: session_recorder, keys: [record.keys, checkpoint.key]}
edge: {component: edge, calls: [authn, policy, approval, masking, session-recorder]}
{{- end -}}

{{/* (root, service): `database:` of a configuration. */}}
{{- define "countersign.databaseConfig" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $values := index $root.Values $service -}}
{{- $server := include "countersign.databaseServer" $root | fromYaml -}}
{{- $authority := ternary " sslrootcert=/etc/countersign/database/ca.crt" "" (ne $server.authoritySecret "") -}}
conninfo: {{ printf "host=%s port=%v dbname=%s user=%s sslmode=%s%s" $server.host $server.port $root.Values.database.name $values.role $server.sslMode $authority | quote }}
passwordFile: database/password
connections: {{ $values.connections }}
{{- end -}}

{{/* (root, service): the configuration file of the service's process. */}}
{{- define "countersign.config" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $name := include "countersign.fullname" $root -}}
{{- $entry := index (include "countersign.services" $root | fromYaml) $service -}}
{{- $values := index $root.Values $service -}}
{{- if ne $service "edge" }}
listen: 0.0.0.0:7100
{{- end }}
metrics: 0.0.0.0:9464
tls: {certificate: tls/tls.crt, key: tls/tls.key, authority: tls/ca.crt}
peers:
  {{- range $entry.calls }}
  {{ . }}: {{ $name }}-{{ . }}:7100
  {{- end }}
{{- if $entry.schema }}
database:
  {{- include "countersign.databaseConfig" . | nindent 2 }}
{{- end }}
{{- if $entry.keys }}
secrets: keys
{{- end }}
log: {level: {{ $root.Values.log.level }}, format: json}
drain: {delay: {{ $values.drain.delaySeconds }}s, timeout: {{ $values.drain.timeoutSeconds }}s}
{{- if eq $service "authn" }}
service:
  threads: {{ $values.threads }}
  initialAdminKeyFile: admin/admin.key
  {{- if $values.issuerAuthoritySecret }}
  issuerAuthority: issuers/ca.crt
  {{- end }}
{{- else if eq $service "policy" }}
service:
  largePromptThreads: {{ $values.largePromptThreads }}
{{- else if eq $service "masking" }}
service:
  largeTextThreads: {{ $values.largeTextThreads }}
  hashKeyFile: keys/hash.key
  {{- with $values.analyzers }}
  analyzers: {{ toJson . }}
  {{- end }}
{{- else if eq $service "sessionRecorder" }}
service:
  checkpointInterval: {{ $values.checkpointInterval }}
  newestCheckpointFile: /var/lib/countersign/checkpoint.newest
  {{- with $values.trustedKeys }}
  trustedKeys: {{ toJson . }}
  {{- end }}
{{- else if eq $service "edge" }}
service:
  {{- if $values.tls.enabled }}
  listen: [{address: '0.0.0.0:8443', certificate: public/tls.crt, key: public/tls.key}]
  {{- else }}
  listen: [{address: '0.0.0.0:8080'}]
  {{- end }}
  threads: {{ $values.threads }}
  {{- with $values.limits }}
  limits: {{ toJson . }}
  {{- end }}
  {{- with $values.timeouts }}
  timeouts: {{ toJson . }}
  {{- end }}
  {{- if $values.upstreamAuthoritySecret }}
  upstreamAuthority: upstream/ca.crt
  {{- end }}
{{- end }}
{{- end -}}

{{/* (root, service): projects the password of the service's role, and the authority of the server's certificate. */}}
{{- define "countersign.databaseSources" -}}
{{- $root := index . 0 -}}
{{- $server := include "countersign.databaseServer" $root | fromYaml -}}
- secret:
    name: {{ include "countersign.databaseSecret" . }}
    items: [{key: password, path: database/password}]
{{- if $server.authoritySecret }}
- secret:
    name: {{ $server.authoritySecret }}
    items: [{key: ca.crt, path: database/ca.crt}]
{{- end }}
{{- end -}}

{{/*
(root, service): the sources of the one volume with everything that the process reads. One volume, so that kubelet swaps
a renewed certificate and its key in one step.
*/}}
{{- define "countersign.configSources" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $name := include "countersign.fullname" $root -}}
{{- $entry := index (include "countersign.services" $root | fromYaml) $service -}}
{{- $values := index $root.Values $service -}}
- configMap:
    name: {{ $name }}-{{ $entry.component }}
    items: [{key: config.yaml, path: config.yaml}]
- secret:
    name: {{ $name }}-{{ $entry.component }}-tls
    items: [{key: tls.crt, path: tls/tls.crt}, {key: tls.key, path: tls/tls.key}, {key: ca.crt, path: tls/ca.crt}]
{{- if $entry.schema }}
{{ include "countersign.databaseSources" . }}
{{- end }}
{{- with $entry.keys }}
- secret:
    name: {{ include "countersign.keysSecret" (list $root $service) }}
    items:
      {{- range . }}
      - {key: {{ . }}, path: keys/{{ . }}}
      {{- end }}
{{- end }}
{{- if eq $service "authn" }}
- secret:
    name: {{ include "countersign.keysSecret" (list $root "admin") }}
    items: [{key: admin.key, path: admin/admin.key}]
{{- with $values.issuerAuthoritySecret }}
- secret:
    name: {{ . }}
    items: [{key: ca.crt, path: issuers/ca.crt}]
{{- end }}
{{- else if eq $service "edge" }}
{{- if $values.tls.enabled }}
- secret:
    name: {{ include "countersign.publicSecret" $root }}
    items: [{key: tls.crt, path: public/tls.crt}, {key: tls.key, path: public/tls.key}]
{{- end }}
{{- with $values.upstreamAuthoritySecret }}
- secret:
    name: {{ . }}
    items: [{key: ca.crt, path: upstream/ca.crt}]
{{- end }}
{{- end }}
{{- end -}}
