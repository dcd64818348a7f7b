export interface Filled {
  readonly text: string;
  /** Placeholders that nobody knows; they stay in the text for the user to replace. */
  readonly unknown: readonly string[];
}

/**
 * Replaces `{{name}}` and the like, in one pass: a subject that contains `{{signature}}` stays as it is.
 * A value that is not known takes the blank before it along, so that `Hello {{name}},` reads `Hello,`.
 */
export function fillTemplate(body: string, values: Readonly<Record<string, string>>): Filled {
  const unknown = new Set<string>();
  const text = body.replace(/( ?)\{\{\s*([\w-]{1,40})\s*\}\}/g, (whole, blank: string, key: string) => {
    const value = Object.hasOwn(values, key.toLowerCase()) ? values[key.toLowerCase()] : undefined;
    if (value === undefined) {
      unknown.add(`{{${key}}}`);
      return whole;
    }
    return value === '' ? '' : blank + value;
  });
  return { text: text.replace(/\n{3,}/g, '\n\n').trim(), unknown: [...unknown] };
}

/** Puts the signature below the text, unless it stands there already (blank and case differences aside). */
export function signedOnce(text: string, signature: string): string {
  const sign = signature.trim();
  if (sign === '') return text;
  const flat = (s: string) => s.replace(/\s+/g, ' ').trim().toLowerCase();
  return flat(text).endsWith(flat(sign)) ? text : `${text.trimEnd()}\n\n${sign}`.trimStart();
}
