/** The package `josa` comes without types. */
declare module "josa" {
  /** For a particle in any of its forms, a function that chooses the form to stand after a word. */
  export function getJosaPicker(particle: string): (word: string) => string;
}
