{{/* The name everything here begins with. */}}
{{- define "studio.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What pods are found by: a list of the root and a component. It must never change. */}}
{{- define "studio.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "studio.labels" -}}
{{- $root := index . 0 -}}
{{ include "studio.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* An image: a list of the root and a map whose repository and tag win where they are not empty. */}}
{{- define "studio.image" -}}
{{- $root := index . 0 -}}
{{- $own := index . 1 -}}
{{- $tag := default $root.Values.image.tag $own.tag | default $root.Chart.AppVersion -}}
{{- $digest := $own.digest -}}
{{- if not (or $own.repository $own.tag $own.digest) }}{{- $digest = $root.Values.image.digest }}{{- end -}}
{{- printf "%s:%s" (default $root.Values.image.repository $own.repository) $tag -}}
{{- with $digest -}}@{{ . }}{{- end -}}
{{- end -}}

{{- define "studio.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "studio.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "studio.secretName" -}}
{{- default (include "studio.fullname" .) .Values.secret.existingSecret -}}
{{- end -}}

{{- define "studio.publicUrl" -}}
{{- if .Values.publicUrl -}}
{{- .Values.publicUrl -}}
{{- else if and .Values.ingress.enabled .Values.ingress.host -}}
{{- printf "%s://%s" (ternary "https" "http" (ne .Values.ingress.tlsSecretName "")) .Values.ingress.host -}}
{{- end -}}
{{- end -}}

{{/* Helm reads numbers as floating point and would write a hundred thousand million as 1e+11. */}}
{{- define "studio.setting" -}}
{{- if kindIs "float64" . -}}
{{- if eq . (float64 (int64 .)) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/* Resources of the API. The limit of memory, where none is set: 400 MiB for each process, and what the children that decode
uploads have together (pingvas/gallery/decoder.py, most_resident). */}}
{{- define "studio.apiResources" -}}
{{- $processes := int64 (default 1 .Values.settings.api_processes) -}}
{{- $large := div (int64 (default 553648128 .Values.settings.decoder_memory_bytes)) 1048576 -}}
{{- $memory := printf "%dMi" (add (mul 528 $processes) (sub $large 32)) -}}
{{- toYaml (mergeOverwrite (dict "limits" (dict "memory" $memory)) (deepCopy .Values.api.resources)) -}}
{{- end -}}
