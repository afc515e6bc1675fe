/** The names of other services that one may sign in with, which are the same in every language. */
export type Provider = "google" | "discord";

export const PROVIDER_NAMES: Record<Provider, string> = { google: "Google", discord: "Discord" };
