/** Everything that can go wrong with a call, as one kind of error with a stable `code`. */

export interface FieldError {
  /** Name of the field in the request body, the last part of the server's `loc`. */
  field: string;
  /** A sentence in English, which people read in the words of `code`, where it has one. */
  message: string;
  code: string | null;
}

export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: FieldError[];
  /** Seconds after which trying again makes sense, where the server says. */
  readonly retryAfter: number | null;
  /** Further numbers of the problem document, by name: limits, prices. */
  readonly numbers: Record<string, number>;
  /** Its further words, by name: a reason, a challenge, a moment. */
  readonly words: Record<string, string>;

  constructor(fields: {
    code: string;
    status: number;
    detail?: string;
    errors?: FieldError[];
    retryAfter?: number | null;
    numbers?: Record<string, number>;
    words?: Record<string, string>;
  }) {
    super(fields.detail ?? fields.code);
    this.name = "Problem";
    this.code = fields.code;
    this.status = fields.status;
    this.detail = fields.detail ?? "";
    this.errors = fields.errors ?? [];
    this.retryAfter = fields.retryAfter ?? null;
    this.numbers = fields.numbers ?? {};
    this.words = fields.words ?? {};
  }

  /** Nobody knows whether the server did it: asking again must carry the same idempotency key. */
  get outcomeUnknown(): boolean {
    return this.status === 0 || this.status >= 500;
  }

  /** What is wrong with one field of the form, if the server had something to say about it. */
  for(field: string): FieldError | undefined {
    return this.errors.find((error) => error.field === field);
  }
}

/** The studio could not be reached at all, or the answer did not come from it. */
export function unreachable(): Problem {
  return new Problem({ code: "unreachable", status: 0 });
}

/** Reads a problem document. A body that is none (a proxy's page, an empty one) still gives a Problem. */
export function problemFrom(body: unknown, response: Response): Problem {
  const record = isRecord(body) ? body : {};
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new Problem({
    code: typeof record.code === "string" ? record.code : codeOfStatus(response.status),
    status: response.status,
    detail: typeof record.detail === "string" ? record.detail : "",
    errors: Array.isArray(record.errors) ? record.errors.flatMap(fieldError) : [],
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : null,
    numbers: Object.fromEntries(Object.entries(record).filter(isNumber)),
    words: Object.fromEntries(Object.entries(record).filter(isText)),
  });
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem
    ? error
    : new Problem({ code: "unexpected", status: -1, detail: String(error) });
}

function codeOfStatus(status: number): string {
  if (status === 413) return "payload_too_large";
  if (status === 429) return "rate_limited";
  return status === 502 || status === 503 || status === 504 ? "unavailable" : "internal_error";
}

function fieldError(value: unknown): FieldError[] {
  if (!isRecord(value) || typeof value.msg !== "string" || !Array.isArray(value.loc)) return [];
  const field = value.loc.findLast((part) => typeof part === "string");
  const code = typeof value.code === "string" ? value.code : null;
  return typeof field === "string" ? [{ field, message: value.msg, code }] : [];
}

function isNumber(member: [string, unknown]): member is [string, number] {
  return typeof member[1] === "number";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === "string";
}
