{{- define "bad-template.deep" }}
{{ .Values.a.b.c }}
{{- end }}
