/** Every message that a catalogue holds, so that one that does not exist does not compile. */
import "@lingui/core";

import type entities from "./entities/words/en.json";
import type account from "./features/account/words/en.json";
import type admin from "./features/admin/words/en.json";
import type billing from "./features/billing/words/en.json";
import type collections from "./features/collections/words/en.json";
import type create from "./features/create/words/en.json";
import type duplicates from "./features/duplicates/words/en.json";
import type explore from "./features/explore/words/en.json";
import type gallery from "./features/gallery/words/en.json";
import type notices from "./features/notices/words/en.json";
import type queue from "./features/queue/words/en.json";
import type settings from "./features/settings/words/en.json";
import type tags from "./features/tags/words/en.json";
import type trash from "./features/trash/words/en.json";
import type tray from "./features/tray/words/en.json";
import type uploads from "./features/uploads/words/en.json";
import type base from "./i18n/words/en.json";

type Catalogues = typeof base &
  typeof entities &
  typeof account &
  typeof admin &
  typeof billing &
  typeof collections &
  typeof create &
  typeof duplicates &
  typeof explore &
  typeof gallery &
  typeof notices &
  typeof queue &
  typeof settings &
  typeof tags &
  typeof trash &
  typeof tray &
  typeof uploads;

declare module "@lingui/core" {
  interface Register {
    messageIds: keyof Catalogues;
  }
}
