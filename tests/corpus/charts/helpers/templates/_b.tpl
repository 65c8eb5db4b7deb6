{{- define "helpers.override" }}last wins{{ end }}
