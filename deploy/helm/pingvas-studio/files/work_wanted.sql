{{- /*
How much work wants workers, in seconds; KEDA divides it by secondsPerWorker. A job asks for one worker at most however
long it takes, and a worker that is busy is never too many. What may wait (the idle lane) asks for one worker in all.
*/ -}}
WITH one_worker(takes) AS (VALUES ({{ .Values.worker.keda.secondsPerWorker }}::float8))
SELECT greatest(busy * takes, normal, least(idle, takes))::float8
  FROM one_worker, LATERAL (
       SELECT count(DISTINCT worker_id) FILTER (WHERE status = 'processing') AS busy,
              coalesce(sum(least(seconds, takes)) FILTER (WHERE lane = 'normal'), 0) AS normal,
              coalesce(sum(least(seconds, takes)) FILTER (WHERE lane = 'idle'), 0) AS idle
         FROM ((SELECT status, lane, worker_id, coalesce(estimated_seconds, 10) AS seconds
                  FROM generation_jobs WHERE status = 'queued' ORDER BY turn, id LIMIT 10000)
               UNION ALL
               (SELECT status, lane, worker_id, coalesce(estimated_seconds, 10)
                  FROM generation_jobs WHERE status = 'processing')) AS job) AS work
