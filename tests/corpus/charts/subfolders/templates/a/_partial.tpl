{{- define "subfolders.p" }}partial{{ end }}
