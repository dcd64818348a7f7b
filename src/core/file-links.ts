/**
 * Links to files of the vault in the text of a reply, in the forms that Obsidian writes: `[[offer.pdf]]`, `![[offer.pdf]]`,
 * `[our offer](Attachments/offer.pdf)`. Pure: which file a link means is looked up elsewhere.
 *
 * Forms: https://help.obsidian.md/links and https://help.obsidian.md/embeds. As there, nothing inside code is a link and
 * a backslash in front makes text of it.
 */
import { isFileType, sentName } from './outgoing-attachments.ts';

export interface FileLink {
  /** Where it stands in the text, characters. */
  readonly from: number;
  readonly to: number;
  /** As it was written, decoded: a name, or a path with `/`. May be ''. */
  readonly target: string;
  /** The words that are shown in its place; null when none were written, or a picture's width was. */
  readonly label: string | null;
}

const WIKI = /(!?)\[\[([^[\]\n]{1,600})\]\]/g;
const MARKDOWN =
  /(!?)\[([^[\]\n]{0,300})\]\((?:<([^<>[\]\n]{1,600})>|((?:[^()<>[\]\s]|\([^()<>[\]\s]{0,80}\)){1,600}))(?:[ \t]+"[^"\n]{0,300}")?\)/g;

/** In the order in which they stand. */
export function fileLinks(text: string): readonly FileLink[] {
  if (!text.includes('](') && !text.includes('[[')) return [];
  const code = codeRanges(text);
  const found = [...text.matchAll(WIKI)].map(wikiLink);
  for (const match of text.matchAll(MARKDOWN)) {
    const link = markdownLink(match);
    if (link !== null) found.push(link);
  }
  return found
    .flatMap((link) => unescaped(text, link))
    .filter((link) => !isIn(code, link.from))
    .sort((a, b) => a.from - b.from);
}

/** A file as it is named in a list: `offer.pdf`, `Attachments/offer.pdf`, or a link to it. */
export function namedFile(entry: string): string {
  const [link] = fileLinks(entry.trim());
  return link === undefined ? withoutSubpath(entry.trim()) : link.target;
}

/** The text as it is sent: for each link the name under which its file arrives. */
export function withFileNames(text: string): string {
  let sent = '';
  let at = 0;
  for (const link of fileLinks(text)) {
    sent += text.slice(at, link.from) + shownName(link);
    at = link.to;
  }
  return sent + text.slice(at);
}

function shownName({ target, label }: FileLink): string {
  const name = sentName(target);
  return label === null || label === name || label === target ? name : `${label} (${name})`;
}

function wikiLink(match: RegExpExecArray): FileLink {
  const [whole, embed, inside = ''] = match;
  const bar = inside.indexOf('|');
  const label = bar < 0 || embed === '!' ? '' : inside.slice(bar + 1).trim();
  return {
    from: match.index,
    to: match.index + whole.length,
    target: withoutSubpath(bar < 0 ? inside : inside.slice(0, bar)),
    label: label === '' ? null : label,
  };
}

/** Null for a link to the web, to an address, or into the note itself. */
function markdownLink(match: RegExpExecArray): FileLink | null {
  const [whole, embed, words = '', bracketed, bare = ''] = match;
  const destination = withoutSubpath(bracketed ?? bare);
  if (/^(?:[a-z][a-z0-9+.-]*:|\/\/|www\.)/i.test(destination)) return null;
  const target = decoded(destination);
  // `[x](y)` can be anybody's way of writing: only what is surely meant as a file is one.
  const meant = embed === '!' || /^(?:\.{0,2}\/)*Attachments\//i.test(target) || isFileType(target);
  if (!meant || target === '') return null;
  const label = embed === '!' ? '' : words.trim();
  return { from: match.index, to: match.index + whole.length, target, label: label === '' ? null : label };
}

/** `offer.pdf#page=2` is a place in a file. */
function withoutSubpath(target: string): string {
  const hash = target.indexOf('#');
  return (hash < 0 ? target : target.slice(0, hash)).trim();
}

function decoded(destination: string): string {
  try {
    return decodeURIComponent(destination);
  } catch {
    return destination;
  }
}

/** Nothing for what a backslash makes text of; an escaped `!` leaves a link behind it. */
function unescaped(text: string, link: FileLink): readonly FileLink[] {
  if (!isEscaped(text, link.from)) return [link];
  return text[link.from] === '!' ? [{ ...link, from: link.from + 1 }] : [];
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

type Range = readonly [from: number, to: number];

function isIn(ranges: readonly Range[], at: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.[1] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return (ranges[low]?.[0] ?? Number.POSITIVE_INFINITY) <= at;
}

/** Fenced blocks, and spans inside one line; sorted, apart from each other. */
function codeRanges(text: string): readonly Range[] {
  const ranges: Range[] = [];
  let fence: string | null = null;
  let at = 0;
  for (const line of text.split('\n')) {
    const mark: string | undefined = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== null) {
      ranges.push([at, at + line.length]);
      if (mark?.startsWith(fence) === true && line.trim() === mark) fence = null;
    } else if (
      mark !== undefined &&
      !(mark.startsWith('`') && line.slice(line.indexOf(mark) + mark.length).includes('`'))
    ) {
      fence = mark;
      ranges.push([at, at + line.length]);
    } else {
      for (const [from, to] of spans(line)) ranges.push([at + from, at + to]);
    }
    at += line.length + 1;
  }
  return ranges;
}

/** Code spans: from a run of backticks to the next run of the same length (CommonMark 6.1). */
function spans(line: string): readonly Range[] {
  const runs = [...line.matchAll(/`+/g)].map((run) => ({ from: run.index, length: run[0].length }));
  const places = new Map<number, number[]>();
  for (const [index, { length }] of runs.entries()) {
    const same = places.get(length);
    if (same === undefined) places.set(length, [index]);
    else same.push(index);
  }
  const found: Range[] = [];
  const next = new Map<number, number>();
  for (let index = 0; index < runs.length; index++) {
    const run = runs[index];
    if (run === undefined) break;
    const same = places.get(run.length) ?? [];
    let after = next.get(run.length) ?? 0;
    while ((same[after] ?? Number.POSITIVE_INFINITY) <= index) after++;
    next.set(run.length, after);
    const close = same[after];
    const end = close === undefined ? undefined : runs[close];
    if (close === undefined || end === undefined) continue;
    found.push([run.from, end.from + end.length]);
    index = close;
  }
  return found;
}
