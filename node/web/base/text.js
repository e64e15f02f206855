// The page's words, in the reader's language.
import i18next from "../vendor/i18next/i18next.js";
import { useEffect, useState } from "../vendor/htm/standalone.module.js";

export const LANGUAGES = { en: "English", de: "Deutsch" };
const KEPT = "mutua-language";

const load = async (language) => (await fetch(`text/${language}.json`)).json();

function chosen() {
  const kept = localStorage.getItem(KEPT);
  if (kept in LANGUAGES) return kept;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in LANGUAGES) ?? "en";
}

export async function startTexts() {
  const language = chosen();
  const needed = [...new Set(["en", language])];
  const texts = await Promise.all(needed.map(load));
  await i18next.init({
    lng: language,
    fallbackLng: "en",
    keySeparator: ".",
    // What is filled in is escaped where it is shown.
    interpolation: { escapeValue: false },
    resources: Object.fromEntries(needed.map((each, n) => [each, { translation: texts[n] }])),
  });
  document.documentElement.lang = language;
}

export async function speak(language) {
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await load(language));
  }
  localStorage.setItem(KEPT, language);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}

export const t = (key, values) => i18next.t(key, values);
export const has = (key) => i18next.exists(key);
export const language = () => i18next.language;

// Draws again when the language changes.
export function useLanguage() {
  const [now, setNow] = useState(i18next.language);
  useEffect(() => {
    i18next.on("languageChanged", setNow);
    return () => i18next.off("languageChanged", setNow);
  }, []);
  return now;
}

// Words that one page alone needs, in files of their own: `t("name:key")`. False until there are any.
export function useTexts(name) {
  const now = useLanguage();
  const [loaded, setLoaded] = useState(null);
  useEffect(() => {
    const missing = ["en", now].filter((each) => !i18next.hasResourceBundle(each, name));
    const add = async (each) => i18next.addResourceBundle(each, name, await load(`${name}/${each}`));
    Promise.all(missing.map(add)).then(() => setLoaded(now));
  }, [name, now]);
  return loaded !== null;
}
