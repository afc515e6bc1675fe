{{/* What every process finds in its environment. A list of the root, the Secret's name and the component. */}}
{{- define "studio.environment" -}}
{{- $root := index . 0 -}}
{{- $secret := index . 1 -}}
{{- $component := index . 2 -}}
- name: PINGVAS_DATA_DIR
  value: /tmp/pingvas
- name: PINGVAS_DATABASE_URL
  valueFrom:
    {{- $owner := and $root.Values.migrate.grantTo (has $component (list "migrate" "chores")) }}
    secretKeyRef: {name: {{ $secret }}, key: {{ ternary "owner-database-url" "database-url" (not (empty $owner)) }}}
- name: PINGVAS_STORAGE_URL
  {{- if $root.Values.storage.volume.enabled }}
  value: file:///srv/storage
  {{- else }}
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: storage-url}
  {{- end }}
{{- /* Only the API signs people in. The addresses of pictures on a volume are signed by workers too, with a key of their own. */}}
{{- if eq $component "api" }}
- name: PINGVAS_SECRET_KEY
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: secret-key}
- name: PINGVAS_PREVIOUS_SECRET_KEY
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: previous-secret-key, optional: true}
- name: PINGVAS_GOOGLE_CLIENT_SECRET
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: google-client-secret, optional: true}
- name: PINGVAS_DISCORD_CLIENT_SECRET
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: discord-client-secret, optional: true}
{{- end }}
{{- /* The chores send mail; the API says whether there is a server. Both speak with the seller. */}}
{{- if has $component (list "api" "chores") }}
- name: PINGVAS_LEMON_SQUEEZY_API_KEY
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: lemon-squeezy-api-key, optional: true}
- name: PINGVAS_LEMON_SQUEEZY_WEBHOOK_SECRET
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: lemon-squeezy-webhook-secret, optional: true}
{{- if $root.Values.sandbox.enabled }}
{{- range list "billing_provider" "lemon_squeezy_api_url" "sandbox_host" "sandbox_port" "sandbox_url" }}
{{- if hasKey $root.Values.settings . }}{{ fail (printf "leave settings.%s out: sandbox.enabled sets it" .) }}{{ end }}
{{- end }}
- name: PINGVAS_BILLING_PROVIDER
  value: sandbox
- name: PINGVAS_LEMON_SQUEEZY_API_URL
  value: http://{{ include "studio.fullname" $root }}-sandbox:8401/v1
{{- end }}
- name: PINGVAS_SMTP_URL
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: smtp-url, optional: true}
{{- end }}
{{- if eq $component "worker" }}
- name: PINGVAS_CONTENT_CREDENTIALS_KEY
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: content-credentials-key, optional: true}
{{- end }}
{{- if and $root.Values.storage.volume.enabled (has $component (list "api" "worker")) }}
- name: PINGVAS_FILE_URL_KEY
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: file-url-key}
{{- end }}
- name: PINGVAS_REDIS_URL
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: redis-url, optional: true}
{{- with include "studio.publicUrl" $root }}
- name: PINGVAS_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- range $name, $value := $root.Values.settings }}
- name: PINGVAS_{{ upper $name }}
  value: {{ include "studio.setting" $value | quote }}
{{- end }}
{{- with $root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The beginning of every pod's spec. Service links are off: a service named "pingvas" would set PINGVAS_PORT. */}}
{{- define "studio.podSpec" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- end -}}

{{/* Where a pod may run: the values of its component. */}}
{{- define "studio.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "studio.mounts" -}}
- name: tmp
  mountPath: /tmp
{{- if .Values.storage.volume.enabled }}
- name: storage
  mountPath: /srv/storage
{{- end }}
{{- end -}}

{{- define "studio.volumes" -}}
- name: tmp
  emptyDir: {}
{{- if .Values.storage.volume.enabled }}
- name: storage
  persistentVolumeClaim:
    claimName: {{ default (printf "%s-storage" (include "studio.fullname" .)) .Values.storage.volume.existingClaim }}
{{- end }}
{{- end -}}

{{/* A change of the chart's own Secret starts the pods anew; one of yours is yours to roll out. */}}
{{- define "studio.podAnnotations" -}}
{{- if not .Values.secret.existingSecret }}
checksum/secret: {{ toYaml .Values.secret | sha256sum }}
{{- end }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The keys of a Secret made here. */}}
{{- define "studio.secretData" -}}
database-url: {{ required "set secret.databaseUrl, or secret.existingSecret" .Values.secret.databaseUrl | quote }}
{{- if .Values.migrate.grantTo }}
owner-database-url: {{ required "set secret.ownerDatabaseUrl, or secret.existingSecret" .Values.secret.ownerDatabaseUrl | quote }}
{{- end }}
{{- if not .Values.storage.volume.enabled }}
storage-url: {{ required "set secret.storageUrl (s3://…), or storage.volume.enabled, or secret.existingSecret" .Values.secret.storageUrl | quote }}
{{- end }}
secret-key: {{ required "set secret.secretKey (openssl rand -hex 32), or secret.existingSecret" .Values.secret.secretKey | quote }}
{{- if .Values.storage.volume.enabled }}
file-url-key: {{ required "set secret.fileUrlKey (openssl rand -hex 32), or secret.existingSecret" .Values.secret.fileUrlKey | quote }}
{{- end }}
{{- with .Values.secret.redisUrl }}
redis-url: {{ . | quote }}
{{- end }}
{{- with .Values.secret.previousSecretKey }}
previous-secret-key: {{ . | quote }}
{{- end }}
{{- with .Values.secret.smtpUrl }}
smtp-url: {{ . | quote }}
{{- end }}
{{- with .Values.secret.googleClientSecret }}
google-client-secret: {{ . | quote }}
{{- end }}
{{- with .Values.secret.discordClientSecret }}
discord-client-secret: {{ . | quote }}
{{- end }}
{{- with .Values.secret.contentCredentialsKey }}
content-credentials-key: {{ . | quote }}
{{- end }}
{{- if .Values.sandbox.enabled }}
{{- $_ := required "set secret.lemonSqueezyApiKey (openssl rand -hex 20) for the sandbox, or secret.existingSecret" .Values.secret.lemonSqueezyApiKey }}
{{- $_ := required "set secret.lemonSqueezyWebhookSecret (openssl rand -hex 20) for the sandbox, or secret.existingSecret" .Values.secret.lemonSqueezyWebhookSecret }}
{{- end }}
{{- with .Values.secret.lemonSqueezyApiKey }}
lemon-squeezy-api-key: {{ . | quote }}
{{- end }}
{{- with .Values.secret.lemonSqueezyWebhookSecret }}
lemon-squeezy-webhook-secret: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Metrics: to be appended to a process's environment, and its port. Without them the API shows its own inside the pod alone. */}}
{{- define "studio.metricsEnvironment" -}}
{{- if .Values.metrics.enabled }}
- name: PINGVAS_METRICS_HOST
  value: 0.0.0.0
- name: PINGVAS_METRICS_PORT
  value: {{ .Values.metrics.port | quote }}
{{- end }}
{{- end -}}

{{- define "studio.metricsPorts" -}}
{{- if .Values.metrics.enabled }}
- name: metrics
  containerPort: {{ .Values.metrics.port }}
{{- end }}
{{- end -}}
