/** The names of everything kept in the query cache. */
export const keys = {
  me: ["me"] as const,
  models: ["models"] as const,
  jobs: ["jobs"] as const,
  job: (id: string) => ["job", id] as const,
  estimate: (request: unknown) => ["estimate", request] as const,
  images: ["images"] as const,
  imagesOf: (filter: { favorite: boolean }) => ["images", filter] as const,
  image: (id: string) => ["image", id] as const,
  ledger: ["ledger"] as const,
};

/** What the server's events change: after some were missed, all of this is read again. */
export const changedByEvents = [keys.jobs, ["job"], keys.images, ["image"], keys.me, keys.ledger] as const;
