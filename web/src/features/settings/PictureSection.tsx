import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import { removeMyAvatar, setMyAvatar } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { Me } from "@/api/types";
import { PICTURE_ACCEPT } from "@/entities/image/pictureTypes";
import { Avatar } from "@/entities/user/Avatar";
import { userKeys } from "@/entities/user/queries";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { problemText } from "@/ui/problemText";

import styles from "./PictureSection.module.css";
import { ProblemLine, Section } from "./Section";

export function PictureSection({ me }: { me: Me }) {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const changing = useSingleMutation({
    mutationFn: async (file: File | null) => {
      if (file) await setMyAvatar({ body: { file } });
      else await removeMyAvatar();
    },
    onSettled: () => client.invalidateQueries({ queryKey: userKeys.me }),
  });
  const { user, profile } = me;
  return (
    <Section title={t("settings.picture")} text={t("settings.picture_text")}>
      <div className={styles.line}>
        <Avatar large name={user.display_name} url={profile.avatar?.large} />
        <div className={styles.buttons}>
          <input
            ref={input}
            type="file"
            accept={PICTURE_ACCEPT}
            aria-label={t("settings.picture_choose")}
            tabIndex={-1}
            className="visually-hidden"
            onChange={(event) => {
              const file = event.target.files?.[0];
              // The same file can be chosen again.
              event.target.value = "";
              if (file) changing.mutate(file);
            }}
          />
          <Button
            busy={changing.isPending && changing.variables !== null}
            onClick={() => input.current?.click()}
          >
            {t("settings.picture_choose")}
          </Button>
          {profile.avatar && (
            <Button
              look="quiet"
              busy={changing.isPending && changing.variables === null}
              onClick={() => changing.mutate(null)}
            >
              {t("settings.picture_remove")}
            </Button>
          )}
        </div>
      </div>
      {changing.error && <ProblemLine>{problemText(i18n, asProblem(changing.error))}</ProblemLine>}
    </Section>
  );
}
