import { parseTemplate, type Template, TEMPLATE_BYTES, type TemplateResult } from './template.ts';

const MAX_TEMPLATES = 100;

export interface TemplateFolder {
  /** Names of the notes in `Templates/`. */
  list(): Promise<readonly string[]>;
  /** The text of one, or null when it cannot be read. */
  read(name: string, maxBytes: number): Promise<string | null>;
}

/**
 * Gives the user's templates as they are now. Read for every draft, so that a template edited on the phone
 * counts for the next mail; parsed, and complained about, only when its text is another.
 */
export function templateReader(
  folder: TemplateFolder,
  onFault: (name: string, message: string) => void,
): () => Promise<Template[]> {
  let known = new Map<string, { readonly text: string | null; readonly parsed: TemplateResult }>();
  return async () => {
    const names = (await folder.list()).slice(0, MAX_TEMPLATES);
    const texts = await Promise.all(names.map((name) => folder.read(name, TEMPLATE_BYTES)));
    const now: typeof known = new Map();
    names.forEach((name, at) => {
      const text = texts[at] ?? null;
      const before = known.get(name);
      if (before?.text === text) return now.set(name, before);
      const parsed: TemplateResult =
        text === null ? { ok: false, message: 'it cannot be read' } : parseTemplate(name, text);
      if (!parsed.ok && parsed.message !== null) onFault(name, parsed.message);
      return now.set(name, { text, parsed });
    });
    known = now;
    return [...now.values()].flatMap(({ parsed }) => (parsed.ok ? [parsed.template] : []));
  };
}
