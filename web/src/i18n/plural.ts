export type Language = 'ru' | 'en'

type Forms = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>

const rules = { ru: new Intl.PluralRules('ru'), en: new Intl.PluralRules('en') }

/** The form of a word that goes with `n`. */
export function plural(language: Language, n: number, forms: Forms): string {
  return forms[rules[language].select(n)] ?? forms.other
}
