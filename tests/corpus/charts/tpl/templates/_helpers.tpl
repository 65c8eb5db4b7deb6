{{- define "tpl.helper" -}}helper({{ .Values.inner | trunc 5 }}){{- end -}}
