/**
 * Makes text of strangers harmless to look at in Obsidian. Nothing is dropped silently: what cannot be
 * shown as it is appears as `[U+202E]` and is counted, what would run or load is broken so that one sees it.
 */

/** The mail's text as it stands in `## Original`. */
export interface OriginalInput {
  /** Whose words these are and when they came; both hostile, they become the callout's title. */
  readonly from: string;
  readonly when: string;
  readonly text: string;
  /** Limit of the shown text in UTF-8 bytes. */
  readonly maxBytes: number;
  /** Which mail of a thread it is; `own`: the user's. */
  readonly role?: MailRole;
}

export type MailRole = 'mail' | 'earlier' | 'own';

export interface OriginalSection {
  readonly section: string;
  /** Hidden characters made visible, in title and text. */
  readonly hidden: number;
  /** True when the text was longer than `maxBytes`. */
  readonly cut: boolean;
}

// Default_Ignorable_Code_Point holds the tag block, zero width and variation selectors, and the fillers
// that are letters by category. Lone surrogates (Cs) cannot be written as UTF-8. U+2800 is a blank that is no space.
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/gu;

const PRINTABLE_ASCII = /^[\t\n\x20-\x7e]*$/;

// An emoji may keep the one selector or joiner that draws it; a second one in a row is a hiding place.
const EMOJI_GLUE = /(?<=\p{Extended_Pictographic})\ufe0f(?!\ufe0f)|(?<=[0-9#*])\ufe0f(?=\u20e3)/gu;
const EMOJI_JOIN =
  /(?<=\p{Extended_Pictographic}|\p{Extended_Pictographic}\ufe0f|\p{Emoji_Modifier})\u200d(?=\p{Extended_Pictographic})/gu;

/**
 * LF line ends, hidden characters shown by code point. Newline and tab stay.
 * A lone CR is a line end too: CommonMark (section 2.1) reads it as one, and a line that a renderer sees
 * and we do not would stand outside the fence.
 */
export function visibleText(s: string): { text: string; hidden: number } {
  const lines = s.includes('\r') ? s.replace(/\r\n?/g, '\n') : s;
  if (PRINTABLE_ASCII.test(lines)) return { text: lines, hidden: 0 };
  const glue = new Set<number>();
  for (const rule of [EMOJI_GLUE, EMOJI_JOIN]) {
    for (const match of lines.matchAll(rule)) glue.add(match.index);
  }
  let hidden = 0;
  const text = lines.replace(HIDDEN, (char: string, at: number) => {
    if (char === '\n' || char === '\t' || glue.has(at)) return char;
    hidden += 1;
    return `[U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
  });
  return { text, hidden };
}

/**
 * One line for a title or a heading, at most `max` characters.
 * Properties are not inert either: Dataview renders their strings as Markdown (an image would load, code in
 * backticks would run), and Templater replaces its commands anywhere in a file.
 */
export function propertyText(s: string, max = 300): string {
  return cutCharacters(breakTags(oneLine(s)), max);
}

/** As `propertyText`, but `#word` stays: in a property it is no tag, and the reply's subject is made from it. */
export function subjectText(s: string, max = 300): string {
  return cutCharacters(oneLine(s), max);
}

/** The folded callout with everything inside a fence, ready to stand under `## Original`. */
export function originalSection(input: OriginalInput): OriginalSection {
  const whole = visibleText(input.text);
  const inert = breakTemplates(whole.text);
  const shown = cutBytes(inert, input.maxBytes);
  const cut = shown.length < inert.length;
  const fence = '~'.repeat(longestRun(shown, '~', 2) + 1);
  const from = propertyText(input.from, 120);
  const when = propertyText(input.when, 60);
  const lines = [
    `[!quote]- ${titleOf(input.role ?? 'mail', from || 'unknown sender')}${when ? `, ${when}` : ''}`,
    `${fence}text`,
    FIRST_LINE,
    ...shown.split('\n'),
    fence,
    ...(cut ? [`(cut: only the first ${input.maxBytes} bytes are shown)`] : []),
  ];
  const hidden = whole.hidden + visibleText(input.from).hidden + visibleText(input.when).hidden;
  return { section: lines.map((line) => (line ? `> ${line}` : '>')).join('\n'), hidden, cut };
}

function titleOf(role: MailRole, from: string): string {
  if (role === 'own') return 'You wrote';
  return role === 'earlier' ? `Earlier mail from ${from}` : `Mail from ${from}`;
}

/** The text inside the section's fence as it is shown; '' when there is none. Never throws. */
export function originalText(section: string): string {
  return quotedMails(section, 1)[0]?.text ?? '';
}

export interface QuotedMail {
  readonly role: MailRole;
  /** As its title shows it; '' for `own`. */
  readonly from: string;
  readonly text: string;
}

/** The mails under `## Original` in their order, at most `max`: first the one to answer. Never throws. */
export function quotedMails(section: string, max: number): QuotedMail[] {
  const lines = section.replace(/\r\n?/g, '\n').split('\n');
  const found: QuotedMail[] = [];
  for (let at = 0; at < lines.length && found.length < max; at++) {
    const fence = OPENING.exec(lines[at] ?? '')?.[1];
    if (!fence) continue;
    const inside: string[] = [];
    const title = lines[at - 1] ?? '';
    for (at += 1; at < lines.length; at++) {
      const line = (lines[at] ?? '').replace(/^> ?/, '');
      if (line === fence) break;
      inside.push(line);
    }
    const text = (inside[0] === FIRST_LINE ? inside.slice(1) : inside).join('\n');
    found.push({ ...ofTitle(title), text });
  }
  return found;
}

const TITLE = /^> \[!quote\]- (?:(You wrote)|(Earlier mail|Mail) from (.*?))(?:, \d{4}-\d\d-\d\dT[\d:]{8})?$/;

function ofTitle(title: string): Pick<QuotedMail, 'role' | 'from'> {
  const [, own, mail, from] = TITLE.exec(title) ?? [];
  if (own !== undefined) return { role: 'own', from: '' };
  return { role: mail === 'Earlier mail' ? 'earlier' : 'mail', from: from ?? '' };
}

const OPENING = /^> ?(~{3,})text$/;

// Dataview runs a whole code block whose text starts with `=` or `$=` as an inline query, fence or not:
// `inlineQueriesInCodeblocks` is true by default. So the first line of the fence is never the sender's.
const FIRST_LINE = '(the words of the sender)';

// A value this long is no heading; the rest of it is not worth the work.
const LONGEST_LINE = 20_000;

function oneLine(s: string): string {
  const shown = visibleText(s.slice(0, LONGEST_LINE)).text;
  return breakMarkup(shown.replace(/\s+/g, ' ').trim());
}

/** Templater replaces `<%` in the raw file, inside fences too. */
function breakTemplates(s: string): string {
  return s.replaceAll('<%', '< %');
}

function breakMarkup(s: string): string {
  return (
    breakTemplates(s)
      .replaceAll('`', "'")
      .replace(/\[(?=\[)/g, '[ ')
      .replace(/\](?=[\](])/g, '] ')
      .replace(/!(?=\[)/g, '! ')
      .replace(/%(?=%)/g, '% ')
      // `<` that would open a tag; an address in angle brackets stays one.
      .replace(/<(?![\p{L}\p{N}_.+-]+@[\p{L}\p{M}\p{N}_.-]+>)(?=[A-Za-z/!?])/gu, '< ')
      // `obsidian://new?...` writes into the vault on one click.
      .replace(/\b(obsidian|file):(?=\/\/)/gi, '$1: ')
  );
}

/** `#word` in running text is a tag of the vault; `#12` is not. */
function breakTags(s: string): string {
  return s.replace(/(?<![\p{L}\p{N}_&])#(?=[\p{L}\p{N}_/-]*[\p{L}_/-])/gu, '# ');
}

/** The longest run of `char` in `s`, at least `atLeast`. */
function longestRun(s: string, char: string, atLeast: number): number {
  let longest = atLeast;
  let run = 0;
  for (const c of s) {
    run = c === char ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest;
}

/** At most `max` characters, the last one `…` when something was cut; never half a surrogate pair. */
function cutCharacters(s: string, max: number): string {
  const characters = Array.from(s);
  return characters.length <= max
    ? s
    : `${characters
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`;
}

/** The longest prefix of whole characters that fits into `max` UTF-8 bytes. */
function cutBytes(s: string, max: number): string {
  if (s.length * 3 <= max) return s;
  const { read } = new TextEncoder().encodeInto(s, new Uint8Array(max));
  return s.slice(0, read);
}
