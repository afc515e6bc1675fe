/** Who one is to others here: picture, name, handle and a few words. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";

import { changeMe } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { Me } from "@/api/types";
import { meQuery, userKeys } from "@/entities/user/queries";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { TextArea, TextField } from "@/ui/Field";
import { placeErrors } from "@/ui/placeErrors";
import { problemText } from "@/ui/problemText";
import { Failed, Loading } from "@/ui/States";
import { toast } from "@/ui/toasts";

import { PictureSection } from "./PictureSection";
import { ProblemLine, Section } from "./Section";
import styles from "./settings.module.css";

export function ProfilePage() {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery(meQuery);
  if (error && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading label={t("settings.loading")} />;
  return (
    <>
      <PictureSection me={data} />
      {/* Begins with what is kept; what is kept changes behind it only by itself. */}
      <About key={data.user.id} me={data} />
    </>
  );
}

interface Entries {
  display_name: string;
  handle: string;
  bio: string;
}

const FIELDS = ["display_name", "handle", "bio"] as const;
const HANDLE = /^[a-z0-9][a-z0-9_]{1,28}[a-z0-9]$/i;
const MAX_BIO = 1000;

function About({ me }: { me: Me }) {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useQueryClient();
  const { register, handleSubmit, setError, reset, formState } = useForm<Entries>({
    defaultValues: {
      display_name: me.user.display_name,
      handle: me.user.handle ?? "",
      bio: me.profile.bio ?? "",
    },
  });
  const { errors } = formState;
  const saving = useSingleMutation({
    mutationFn: ({ display_name, handle, bio }: Entries) =>
      changeMe({ body: { display_name, handle: handle.trim() || null, bio: bio || null } }),
    onSuccess: (saved) => {
      client.setQueryData(userKeys.me, saved);
      const { user, profile } = saved;
      reset({ display_name: user.display_name, handle: user.handle ?? "", bio: profile.bio ?? "" });
      toast(t("settings.saved"), "good");
    },
    onError: (error) => {
      const problem = asProblem(error);
      if (problem.code === "handle_taken") setError("handle", { message: problemText(i18n, problem) });
      else if (problem.for("handle") !== undefined)
        setError("handle", { message: t("settings.handle_reserved") });
      else if (!placeErrors(i18n, problem, FIELDS, setError))
        setError("root", { message: problemText(i18n, problem) });
    },
  });
  return (
    <Section title={t("settings.about")} text={t("settings.about_text")}>
      <form
        className={styles.form}
        aria-label={t("settings.about")}
        onSubmit={handleSubmit((entries) => saving.mutate(entries))}
      >
        <TextField
          {...register("display_name")}
          label={t("settings.display_name")}
          autoComplete="nickname"
          required
          maxLength={80}
          error={errors.display_name?.message}
        />
        <TextField
          {...register("handle", {
            validate: (handle) =>
              handle.trim() === "" || HANDLE.test(handle.trim()) || t("settings.handle_wrong"),
          })}
          label={t("settings.handle")}
          hint={t("settings.handle_hint")}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          error={errors.handle?.message}
        />
        <TextArea
          {...register("bio")}
          label={t("settings.bio")}
          hint={t("settings.bio_hint", { max: MAX_BIO })}
          maxLength={MAX_BIO}
          error={errors.bio?.message}
        />
        {errors.root && <ProblemLine>{errors.root.message}</ProblemLine>}
        <div className={styles.actions}>
          <Button type="submit" look="primary" busy={saving.isPending} disabled={!formState.isDirty}>
            {t("settings.save")}
          </Button>
        </div>
      </form>
    </Section>
  );
}
