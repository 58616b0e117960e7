{{- define "crew.labels" -}}
captain: {{ .Values.captain | quote }}
{{- if .Values.showRelease }}
release: {{ .Release.Name }}
{{- end }}
{{- end -}}
