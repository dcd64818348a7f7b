import { parseTemplate, type Template, TEMPLATE_BYTES } from './template.ts';

const MAX_TEMPLATES = 100;

export interface TemplateFolder {
  /** Names of the notes in `Templates/`. */
  list(): Promise<readonly string[]>;
  /** The text of one, or null when it cannot be read. */
  read(name: string, maxBytes: number): Promise<string | null>;
}

/**
 * The user's templates as they are now. Read for every draft: a template edited on the phone counts for
 * the next mail, and reading ten small files takes a millisecond.
 */
export async function readTemplates(
  folder: TemplateFolder,
  onFault: (name: string, message: string) => void,
): Promise<Template[]> {
  const templates: Template[] = [];
  const names = await folder.list();
  const texts = await Promise.all(
    names
      .slice(0, MAX_TEMPLATES)
      .map(async (name) => ({ name, text: await folder.read(name, TEMPLATE_BYTES) })),
  );
  for (const { name, text } of texts) {
    if (text === null) {
      onFault(name, 'it cannot be read');
      continue;
    }
    const parsed = parseTemplate(name, text);
    if (parsed.ok) templates.push(parsed.template);
    else if (parsed.message !== null) onFault(name, parsed.message);
  }
  return templates;
}
