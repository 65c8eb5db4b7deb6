{{- /*
What hookd and deployd have in common. Each template gets (dict "root" $ "role" "hookd" "values" .Values.hookd).
Secrets are only ever named: where they are kept, and which flag reads them.
*/}}

{{- define "fairway.role.name" -}}
{{- printf "%s-%s" (include "fairway.name" .root | trunc 45 | trimSuffix "-") .role -}}
{{- end }}

{{- define "fairway.role.selector" -}}
app.kubernetes.io/name: fairway-{{ .role }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "fairway.role.labels" -}}
{{ include "fairway.role.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: fairway
{{- end }}

{{- define "fairway.role.serviceAccount" -}}
{{- if .values.serviceAccount.create }}{{ .values.serviceAccount.name | default (include "fairway.role.name" .) }}{{ else }}{{ .values.serviceAccount.name | default "default" }}{{ end -}}
{{- end }}

{{- /* --FLAG=VALUE; lists with commas, numbers as they were written. */}}
{{- define "fairway.role.options" -}}
{{- range $flag, $value := .values.options }}
{{- if kindIs "slice" $value }}
- {{ printf "--%s=%s" $flag (join "," $value) | quote }}
{{- else if kindIs "string" $value }}
- {{ printf "--%s=%s" $flag $value | quote }}
{{- else }}
- {{ printf "--%s=%s" $flag (toJson $value) | quote }}
{{- end }}
{{- end }}
{{- range $flag, $sources := .values.secretFiles }}
{{- $paths := list }}
{{- range $number, $source := ternary $sources (list $sources) (kindIs "slice" $sources) }}
{{- $paths = append $paths (printf "/etc/fairway/secrets/%s-%d" $flag $number) }}
{{- end }}
- {{ printf "--%s=%s" (ternary $flag (printf "%s-file" $flag) (hasSuffix "-file" $flag)) (join "," $paths) | quote }}
{{- end }}
{{- end }}

{{- define "fairway.role.secretSources" -}}
{{- range $flag, $sources := .values.secretFiles }}
{{- range $number, $source := ternary $sources (list $sources) (kindIs "slice" $sources) }}
- secret:
    name: {{ $source.name }}
    items:
      - {key: {{ $source.key | quote }}, path: {{ printf "%s-%d" $flag $number | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "fairway.role.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "fairway.role.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "fairway.role.labels" . | nindent 4 }}
spec:
  replicas: {{ .values.replicas }}
  strategy: {type: {{ .strategy }}}
  selector:
    matchLabels: {{- include "fairway.role.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "fairway.role.labels" . | nindent 8 }}
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "fairway.role.serviceAccount" . }}
      automountServiceAccountToken: {{ .token }}
      terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext: {{- toYaml .root.Values.podSecurityContext | nindent 8 }}
      containers:
        - name: {{ .role }}
          image: {{ include "fairway.image" .root | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [fairway]
          args:
            - {{ .role }}
            {{- range .arguments }}
            - {{ . | quote }}
            {{- end }}
            {{- include "fairway.role.options" . | nindent 12 }}
            {{- range .values.extraArgs }}
            - {{ . | quote }}
            {{- end }}
          workingDir: /var/lib/fairway
          env:
            - {name: HOME, value: /var/lib/fairway}
            - {name: FAIRWAY_DATA_DIR, value: /var/lib/fairway/data}
            - {name: FAIRWAY_CACHE_DIR, value: /var/lib/fairway/cache}
            - {name: FAIRWAY_CONFIG_DIR, value: /var/lib/fairway/config}
            - {name: FAIRWAY_USER, value: {{ include "fairway.role.name" . | quote }}}
            - {name: FAIRWAY_LOG_LEVEL, value: {{ .values.logLevel | quote }}}
            - {name: FAIRWAY_LOG_FORMAT, value: {{ .values.logFormat | quote }}}
            {{- with .values.ledger.name }}
            - name: FAIRWAY_LEDGER_URL
              valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $.values.ledger.key | quote }}}}
            {{- end }}
            {{- with .values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- with .values.extraEnvFrom }}
          envFrom: {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - {name: http, containerPort: 8080, protocol: TCP}
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            initialDelaySeconds: 10
            periodSeconds: 20
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
          resources: {{- toYaml .values.resources | nindent 12 }}
          securityContext: {{- toYaml .root.Values.securityContext | nindent 12 }}
          volumeMounts:
            {{- if .values.secretFiles }}
            - {name: secrets, mountPath: /etc/fairway/secrets, readOnly: true}
            {{- end }}
            - {name: data, mountPath: /var/lib/fairway}
            - {name: tmp, mountPath: /tmp}
            {{- with .values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        {{- if .values.secretFiles }}
        - name: secrets
          projected:
            defaultMode: 0440
            sources: {{- include "fairway.role.secretSources" . | nindent 14 }}
        {{- end }}
        - name: data
          {{- if .values.persistence.enabled }}
          persistentVolumeClaim: {claimName: {{ .values.persistence.existingClaim | default (include "fairway.role.name" .) }}}
          {{- else }}
          emptyDir: {}
          {{- end }}
        - name: tmp
          emptyDir: {}
        {{- with .values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}

{{- /* Everything beside the pods: account, claim, service, disruption budget, network policy. */}}
{{- define "fairway.role.beside" -}}
{{- if .values.serviceAccount.create }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "fairway.role.serviceAccount" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "fairway.role.labels" . | nindent 4 }}
  {{- with .values.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- if and .values.persistence.enabled (not .values.persistence.existingClaim) }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "fairway.role.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "fairway.role.labels" . | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  accessModes: [ReadWriteOnce]
  {{- with .values.persistence.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources: {requests: {storage: {{ .values.persistence.size }}}}
{{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ include "fairway.role.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "fairway.role.labels" . | nindent 4 }}
  {{- with .values.service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .values.service.type }}
  selector: {{- include "fairway.role.selector" . | nindent 4 }}
  ports:
    - {name: http, port: {{ .values.service.port }}, targetPort: http, protocol: TCP}
{{- if .values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "fairway.role.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "fairway.role.labels" . | nindent 4 }}
spec:
  minAvailable: {{ .values.podDisruptionBudget.minAvailable }}
  selector:
    matchLabels: {{- include "fairway.role.selector" . | nindent 6 }}
{{- end }}
{{- if .values.networkPolicy.enabled }}
---
# Who may speak to it; what it may reach is not restricted here.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "fairway.role.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "fairway.role.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "fairway.role.selector" . | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    - ports: [{port: http, protocol: TCP}]
      {{- with .values.networkPolicy.from }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
{{- end }}
