/** What the gallery is asked for, as it stands in the address: a reload, a link and going back keep it. */
import type { Filter } from "@/entities/image/queries";

/** One value each; "" asks for nothing. */
const ONE = [
  "q",
  "model",
  "job_type",
  "seed",
  "origin",
  "rating",
  "visibility",
  "after",
  "before",
  "in",
  "width",
  "height",
  "sort",
] as const;

export type Name = (typeof ONE)[number];
type More = NonNullable<Filter["more"]>;

export interface Search extends Record<Name, string> {
  favorite: boolean;
  tags: readonly string[];
  loras: readonly string[];
}

export const SORTS = ["newest", "oldest", "rating", "largest", "smallest"] as const;
export const KINDS = ["txt2img", "img2img", "inpaint", "upscale"] as const;
export const VISIBILITIES = ["private", "unlisted", "public"] as const;
export const ORIGINS = ["made", "uploaded"] as const;

const MAX_QUERY = 300;
const MAX_NAME = 200;
const MAX_SEED = 2n ** 64n - 1n;

const among = (words: readonly string[]) => (value: string) => words.includes(value);
const aSide = (value: string) => /^[1-9]\d{0,5}$/.test(value);

/** Whether the server would take a value; an address may say anything. */
const ACCEPTED: Record<Name, (value: string) => boolean> = {
  q: (value) => Array.from(value).length <= MAX_QUERY,
  model: (value) => Array.from(value).length <= MAX_NAME,
  job_type: among(KINDS),
  seed: (value) => /^\d{1,20}$/.test(value) && BigInt(value) <= MAX_SEED,
  origin: among(ORIGINS),
  rating: (value) => /^[0-5]\+?$/.test(value),
  visibility: among(VISIBILITIES),
  after: isDay,
  before: isDay,
  in: (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
  width: aSide,
  height: aSide,
  sort: among(SORTS),
};

export function isAccepted(name: Name, value: string): boolean {
  return ACCEPTED[name](value);
}

export function readSearch(address: URLSearchParams): Search {
  const said = Object.fromEntries(
    ONE.map((name) => {
      const value = address.get(name) ?? "";
      return [name, isAccepted(name, value) ? value : ""];
    }),
  ) as Record<Name, string>;
  return {
    ...said,
    favorite: address.get("show") === "favorites",
    tags: address.getAll("tag"),
    loras: address.getAll("lora"),
  };
}

/** The address with another search in it; what else it says stays. */
export function writeSearch(address: URLSearchParams, search: Search): URLSearchParams {
  const next = new URLSearchParams(address);
  for (const name of ["show", "tag", "lora", ...ONE]) next.delete(name);
  if (search.favorite) next.set("show", "favorites");
  for (const tag of search.tags) next.append("tag", tag);
  for (const lora of search.loras) next.append("lora", lora);
  for (const name of ONE) if (search[name] !== "") next.set(name, search[name]);
  return next;
}

/** The order and the favorites have controls of their own, which say so. */
export const nothingAsked = (search: Search): Search => ({
  ...readSearch(new URLSearchParams()),
  sort: search.sort,
  favorite: search.favorite,
});

/** Whether it asks for fewer than all, or all favorites. */
export function isNarrowed(search: Search): boolean {
  return (
    search.tags.length > 0 ||
    search.loras.length > 0 ||
    ONE.some((name) => name !== "sort" && search[name] !== "")
  );
}

/** The same as lists are asked for. */
export function filterOf(search: Search): Filter {
  const { favorite, tags, loras, rating, width, height } = search;
  const stars = rating === "" ? undefined : Number(rating[0]);
  const more: Partial<Record<keyof More, unknown>> = {
    q: some(search.q),
    model: some(search.model),
    lora: loras.length > 0 ? loras : undefined,
    job_type: some(search.job_type),
    // As it is written: it may be larger than numbers are exact here.
    seed: some(search.seed),
    origin: some(search.origin),
    rating_from: stars,
    rating_to: rating.endsWith("+") ? undefined : stars,
    visibility: some(search.visibility),
    created_from: momentOf(search.after),
    created_to: momentOf(search.before),
    collection: some(search.in),
    width_from: width === "" ? undefined : Number(width),
    height_from: height === "" ? undefined : Number(height),
  };
  const asked = Object.entries(more).filter(([, value]) => value !== undefined);
  return { favorite, tags, more: Object.fromEntries(asked) };
}

function some(value: string): string | undefined {
  return value === "" ? undefined : value;
}

/** When a day begins here. */
function momentOf(day: string): string | undefined {
  return day === "" ? undefined : new Date(`${day}T00:00:00`).toISOString();
}

function isDay(value: string): boolean {
  if (!/^[12]\d{3}-\d{2}-\d{2}$/.test(value)) return false;
  const read = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(value);
}
