import type { DraftRequest } from './drafter.ts';
import { guessLanguage } from './language.ts';
import type { Template } from './template.ts';

export interface Pick {
  readonly template: Template;
  /** The keywords of it that occur in the mail. */
  readonly found: readonly string[];
  /** The feedback asks for it. */
  readonly asked: boolean;
}

const MAX_CHARS = 5_000;
/** A word of the subject says more about a mail than one in its text. */
const SUBJECT_WEIGHT = 3;

/**
 * The template that fits best: the one the feedback asks for, else the one whose keywords occur most among
 * those of the mail's language; one without keywords fits every mail. Equal ones: priority, then name.
 */
export function pickTemplate(request: DraftRequest): Pick | null {
  const candidates = request.templates.filter((t) => t.for === request.kind);
  const named = candidates.filter((t) => asksFor(request.feedback, t.name));
  const longest = named.sort((a, b) => b.name.length - a.name.length)[0];
  if (longest) return { template: longest, found: [], asked: true };

  const language = languageOf(request);
  const subject = request.mail.subject.toLowerCase();
  const text = ownWords(request);
  const ranked = candidates
    .filter((t) => t.language === null || language === null || t.language === language)
    .map((template) => ({ template, ...score(template, subject, text) }))
    .filter(({ template, found }) => template.keywords.length === 0 || found.length > 0)
    .sort(
      (a, b) =>
        b.points - a.points ||
        // Language unknown: English is the likelier guess than the first name in the alphabet.
        Number(b.template.language === 'en') - Number(a.template.language === 'en') ||
        b.template.priority - a.template.priority ||
        (a.template.name < b.template.name ? -1 : 1),
    );
  const best = ranked[0] ?? anyDefault(candidates);
  return best ? { template: best.template, found: best.found, asked: false } : null;
}

/** `template Reply - meeting`: only after the word, or `shorter reply` would ask for the template `Reply`. */
function asksFor(feedback: string, name: string): boolean {
  const after = feedback.toLowerCase().split(/(?<!\p{L})(?:template|vorlage)(?:[\s:“”„"'`]|\[\[)*/u);
  return after.slice(1).some((words) => words.startsWith(name.toLowerCase()));
}

/** No template in the mail's language: one in another language is still better than an empty reply. */
function anyDefault(candidates: readonly Template[]): { template: Template; found: string[] } | undefined {
  const defaults = candidates.filter((t) => t.keywords.length === 0);
  const english = defaults.find((t) => t.language === 'en') ?? defaults[0];
  return english && { template: english, found: [] };
}

/** The language of what is answered, from the sender's own words. */
function languageOf(request: DraftRequest): string | null {
  return guessLanguage(`${request.mail.subject}\n${ownWords(request)}`);
}

/** The newest part of a mail: what it quotes was said, and answered, before. */
function ownWords(request: DraftRequest): string {
  const text = request.kind === 'email_new' ? request.instruction : request.mail.text;
  const lines = text.slice(0, MAX_CHARS * 4).split('\n');
  return lines
    .filter((line) => !line.startsWith('>'))
    .join('\n')
    .slice(0, MAX_CHARS)
    .toLowerCase();
}

function score(template: Template, subject: string, text: string): { points: number; found: string[] } {
  const found: string[] = [];
  let points = 0;
  for (const keyword of template.keywords) {
    const inSubject = occurs(keyword, subject);
    const inText = occurs(keyword, text);
    if (!inSubject && !inText) continue;
    found.push(keyword);
    points += (inSubject ? SUBJECT_WEIGHT : 0) + (inText ? 1 : 0);
  }
  return { points, found };
}

function occurs(keyword: string, text: string): boolean {
  const open = keyword.endsWith('*');
  const word = (open ? keyword.slice(0, -1) : keyword).replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  if (word === '') return false;
  return new RegExp(`(?<![\\p{L}\\p{N}])${word}${open ? '' : '(?![\\p{L}\\p{N}])'}`, 'u').test(text);
}
