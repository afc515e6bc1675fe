/** Prompts to begin with, such as a model of this kind understands, in a shape that suits what they show. */
import type { Checkpoint } from "@/api/types";
import type { Key, Translator } from "@/i18n/translate";

import { shapesOf, type Shape } from "./shapes";

export interface Example {
  /** What it shows, in the person's language. */
  title: string;
  prompt: string;
  /** Most models read English only. */
  language: string;
  shape: Shape;
}

interface Idea {
  title: Key;
  /** By its key where the model reads both languages of the page. */
  prompt: string | { key: Key };
  ratio: Shape["ratio"];
}

/** The bundled model: a small world, at its best in a square, in both languages. */
const MINI: Idea[] = [
  { title: "create.example_boat", prompt: { key: "create.example_boat_prompt" }, ratio: "1:1" },
  { title: "create.example_houses", prompt: { key: "create.example_houses_prompt" }, ratio: "1:1" },
  { title: "create.example_lighthouse", prompt: { key: "create.example_lighthouse_prompt" }, ratio: "1:1" },
];

/** Stable Diffusion 1 and 2: a subject, then what it looks like, word by word. */
const IN_TAGS: Idea[] = [
  {
    title: "create.example_fisherman",
    prompt: "portrait of an old fisherman, weathered face, knitted cap, soft window light, 85mm photograph",
    ratio: "2:3",
  },
  {
    title: "create.example_valley",
    prompt: "misty pine valley at dawn, winding river, first sunlight, wide landscape photograph",
    ratio: "3:2",
  },
  {
    title: "create.example_fox",
    prompt: "a fox asleep in autumn leaves, watercolor, loose brushwork, white paper",
    ratio: "1:1",
  },
];

const BOOKSHOP: Idea = {
  title: "create.example_bookshop",
  prompt:
    "A small bookshop on a rainy evening, warm light in its windows, reflections on the wet street, photograph",
  ratio: "3:2",
};
const HUMMINGBIRD: Idea = {
  title: "create.example_hummingbird",
  prompt: "Close-up photograph of a hummingbird drinking from a red flower, soft green background",
  ratio: "1:1",
};

/** SDXL: whole sentences. */
const IN_SENTENCES: Idea[] = [
  BOOKSHOP,
  HUMMINGBIRD,
  {
    title: "create.example_poster",
    prompt: "A travel poster of a lighthouse on a cliff above the sea, flat colors, bold shapes, paper grain",
    ratio: "2:3",
  },
];

/** Stable Diffusion 3 and FLUX: sentences, and lettering too. */
const WITH_LETTERS: Idea[] = [
  BOOKSHOP,
  HUMMINGBIRD,
  {
    title: "create.example_poster",
    prompt:
      'A travel poster of a lighthouse on a cliff above the sea, flat colors and bold shapes. At the top stands the word "HARBOR" in large white letters.',
    ratio: "2:3",
  },
];

const OF_FAMILY: Record<string, Idea[]> = {
  sdxl: IN_SENTENCES,
  sd3: WITH_LETTERS,
  flux: WITH_LETTERS,
};

const BUNDLED = "pingvas-mini";

export function examplesFor(model: Checkpoint, { t, language }: Translator): Example[] {
  const small = model.name === BUNDLED || model.base.includes(BUNDLED);
  const ideas = small ? MINI : (OF_FAMILY[model.family ?? ""] ?? IN_TAGS);
  const shapes = shapesOf(model);
  return ideas.flatMap(({ title, prompt, ratio }) => {
    const shape = shapes.find((one) => one.ratio === ratio);
    if (!shape) return [];
    const plain = typeof prompt === "string";
    return {
      title: t(title),
      prompt: plain ? prompt : t(prompt.key),
      language: plain ? "en" : language,
      shape,
    };
  });
}
