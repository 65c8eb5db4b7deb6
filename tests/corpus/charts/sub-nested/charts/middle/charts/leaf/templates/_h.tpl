{{- define "leaf.name" -}}leaf-of-{{ .Release.Name }}{{- end -}}
