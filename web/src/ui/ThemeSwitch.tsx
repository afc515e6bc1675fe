import { MonitorIcon, MoonIcon, SunIcon, type LucideIcon } from "lucide-react";

import { useI18n } from "@/i18n/useI18n";

import { Segmented } from "./RadioGroup";
import { THEME_CHOICES, useTheme, type ThemeChoice } from "./theme";

const ICONS: Record<ThemeChoice, LucideIcon> = { dark: MoonIcon, light: SunIcon, system: MonitorIcon };

/** Dark, light, or as the system has it. */
export function ThemeSwitch() {
  const { t } = useI18n();
  const { choice, choose } = useTheme();
  return (
    <Segmented
      label={t("theme.label")}
      value={choice}
      options={THEME_CHOICES.map((value) => {
        const Icon = ICONS[value];
        const name = { dark: t("theme.dark"), light: t("theme.light"), system: t("theme.system") }[value];
        return {
          value,
          title: name,
          label: (
            <>
              <Icon size={16} aria-hidden /> {name}
            </>
          ),
        };
      })}
      onChange={choose}
    />
  );
}
