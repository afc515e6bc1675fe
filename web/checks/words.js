/**
 * Checks the catalogues against each other and against the code: no message is missing in a language, none is unused, none is
 * used where its catalogue may not be loaded yet, and a Korean particle after a blank is written in both forms.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { compileMessage } from "@lingui/message-utils/compileMessage";

const LANGUAGES = ["en", "ko"];
const SOURCE = join(import.meta.dirname, "..", "src");
/** Messages whose last part the server says: found at run time, by a code. */
const BY_CODE = [
  "admin.action.",
  "admin.field.",
  "admin.value.",
  "billing.pack.",
  "billing.type.",
  "job.error.",
  "job.receipt.reason.",
  "job.step.",
  "job.waiting_for.",
  "notices.credits.",
  "param.",
  "plan.feature.",
  "picture.visibility.",
  "problem.",
  "recipe.sampler.",
  "upload_error.",
  "usage.job_type.",
];

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).map((name) => join(SOURCE, name));
const findings = [];
const say = (file, text) => findings.push(`${relative(process.cwd(), file)}: ${text}`);

const catalogues = files
  .filter((file) => file.endsWith(join("words", "en.json")))
  .map((file) => {
    const folder = dirname(file);
    const messages = Object.fromEntries(
      LANGUAGES.map((language) => [
        language,
        JSON.parse(readFileSync(join(folder, `${language}.json`), "utf8")),
      ]),
    );
    return { folder, messages, room: roomOf(folder) };
  });
const homes = new Map(catalogues.flatMap((one) => Object.keys(one.messages.en).map((key) => [key, one])));

for (const { folder, messages } of catalogues) {
  const keys = Object.keys(messages.en);
  if (JSON.stringify(keys) !== JSON.stringify(Object.keys(messages.ko))) {
    const differing = keys.filter((key) => !(key in messages.ko));
    differing.push(...Object.keys(messages.ko).filter((key) => !(key in messages.en)));
    say(folder, `the languages hold other messages, or in another order: ${differing.join(", ")}`);
  }
  if (keys.join() !== [...keys].sort().join()) say(folder, "the messages are not in order of the alphabet");
  for (const key of keys) {
    const blanks = LANGUAGES.map((language) =>
      blanksOf(join(folder, `${language}.json`), key, messages[language][key]),
    );
    if (blanks[0] !== blanks[1])
      say(folder, `${key} has other blanks in each language: ${blanks.join(" / ")}`);
    if (/\}(?:을|를|이|가|은|는|과|와|으로|로)(?![가-힣(])/u.test(messages.ko[key])) {
      say(folder, `${key}: a particle after a blank is written in both forms, as in {name}을(를)`);
    }
  }
}

const used = new Set();
for (const file of files.filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))) {
  const code = readFileSync(file, "utf8");
  for (const [, key] of code.matchAll(/["'`]([a-z_]+\.[^"'`$\n]+)["'`]/g)) take(file, key);
  // `auth.${kind}`: every message that begins so.
  for (const [, start] of code.matchAll(/`([a-z_]+\.[\w.]*)\$\{/g)) {
    for (const key of homes.keys()) if (key.startsWith(start)) take(file, key);
  }
}
for (const [key, { folder }] of homes) {
  if (!used.has(key) && !BY_CODE.some((start) => key.startsWith(start)))
    say(folder, `${key} is used nowhere`);
}

for (const finding of findings) console.error(finding);
process.exitCode = findings.length > 0 ? 1 : 0;

function take(file, key) {
  const home = homes.get(key);
  if (!home) return;
  used.add(key);
  const room = roomOf(file);
  // The words of a feature come with that feature; the entities' with everything but the page before sign-in.
  const there =
    home.room === "i18n" ||
    home.room === room ||
    (home.room === "entities" && !["i18n", "ui"].includes(room));
  if (!there) say(file, `${key} belongs to ${home.room}, whose words may not be loaded here`);
}

/** "features/create", "entities", "app": the part of the page that a file belongs to. */
function roomOf(file) {
  const [first = "", second = ""] = relative(SOURCE, file).split(/[\\/]/);
  return first === "features" ? `${first}/${second}` : first;
}

/** What a message has filled in, in order of the alphabet; "" when nothing. */
function blanksOf(file, key, message) {
  if (!message) {
    say(file, `${key} says nothing`);
    return "";
  }
  try {
    return [...new Set(namesIn(compileMessage(message)))].sort().join();
  } catch (error) {
    say(file, `${key} cannot be read: ${error.message}`);
    return "";
  }
}

function namesIn(tokens) {
  if (!Array.isArray(tokens)) return [];
  return tokens.flatMap((token) => {
    if (!Array.isArray(token)) return [];
    const [name, , choices] = token;
    const inner =
      typeof choices === "object" && choices !== null ? Object.values(choices).flatMap(namesIn) : [];
    return [name, ...inner];
  });
}
