{{/* Pod Security Standard "restricted". */}}
{{- define "countersign.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "countersign.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What all pods that need no Kubernetes API share. */}}
{{- define "countersign.podDefaults" -}}
automountServiceAccountToken: false
{{ include "countersign.podBasics" . }}
{{- end -}}

{{- define "countersign.podBasics" -}}
enableServiceLinks: false
securityContext:
  {{- include "countersign.podSecurity" . | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}
