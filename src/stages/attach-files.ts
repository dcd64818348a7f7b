/**
 * The files that a card asks for, looked up at the yes: links under `## Reply`, the property `attach`, and what
 * `reply_attachments` holds already. What is sealed names each by its SHA-256 and shows its name where the link stood.
 *
 * A file leaves at once only when both are surely the user's: the link (it did not stand in the card as it was offered, so no
 * mail and no model talked a file out of the vault) and the bytes (`judgeFile`). Any other one comes back once with name and
 * size; the codes of what was said are kept outside the vault, so that a second yes covers these bytes and no others.
 */
import { readSections, withReply } from '../core/body.ts';
import { KEPT_TEXT } from '../core/card-difference.ts';
import { edgeOf } from '../core/card-action.ts';
import { type FileLink, fileLinks, namedFile, withFileNames } from '../core/file-links.ts';
import { inlineCode } from '../core/markdown-text.ts';
import {
  ATTACHMENT_LIMITS,
  attachmentEntry,
  attachmentPath,
  fileCode,
  isNote,
  isPlainPath,
  nameForPath,
  type OutgoingAttachment,
  readAttachments,
  sentName,
} from '../core/outgoing-attachments.ts';
import { list, type TaskNote, text, withData } from '../core/task-file.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Vault } from '../vault/vault.ts';
import { findFiles, type FoundFiles, readFileBytes, sameName } from '../vault/vault-files.ts';
import type { OfferedCards } from './offered-cards.ts';
import type { Offer } from './offers.ts';
import { digest, type JudgedFile } from './own-files.ts';

export interface AttachDeps {
  readonly vault: Pick<Vault, 'root'>;
  readonly cards: Pick<OfferedCards, 'judgeFile'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Are there other machines that write the vault? */
  readonly synced: boolean;
}

export type AttachedFiles =
  /** What is sealed; the very same note when the card asks for no file. */
  | { readonly is: 'attached'; readonly note: TaskNote; readonly told: readonly string[] }
  | { readonly is: 'wait'; readonly words: string }
  /** Lines for the user. */
  | { readonly is: 'back'; readonly lines: readonly string[]; readonly told: readonly string[] };
// `told`: codes of the files that the lines show or that are surely the user's. Whatever sends the card back records them.

/** Most files are linked once; each link that leads nowhere is a line on the card. */
const MAX_LINKS = 20;

/** A file that the card asks for. */
interface Asked {
  /** As the user wrote it. */
  readonly target: string;
  /** Is it surely the user who asks? */
  readonly own: boolean;
}

interface Found extends JudgedFile {
  readonly size: number;
  readonly own: boolean;
}

/**
 * @param note as the user moved it
 * @param offer what was kept of the card when it was offered; null when there is nothing, or when it is not sure that only the
 * user changed the card since: then no link in it is surely theirs
 */
export async function attachFiles(
  deps: AttachDeps,
  note: TaskNote,
  offer: Pick<Offer, 'shown' | 'told'> | null,
): Promise<AttachedFiles> {
  if (edgeOf(text(note, 'id') ?? '') === 'odoo') return { is: 'attached', note, told: [] };
  const reply = readSections(note.body).reply ?? '';
  const links = fileLinks(reply);
  const named = list(note, 'attach');
  const kept = readAttachments(list(note, 'reply_attachments'));
  if (!kept.ok || links.length + named.length + kept.attachments.length === 0)
    return { is: 'attached', note, told: [] };

  const asked = [...linked(deps, note, reply, links, offer), ...listed(deps, named, offer)];
  if (asked.length > MAX_LINKS)
    return { is: 'back', lines: [`There are more than ${MAX_LINKS} links to files.`], told: [] };
  const reasons: string[] = [];
  const paths = pathsOf(deps, asked, reasons);
  for (const { name } of kept.attachments) {
    const path = attachmentPath(name);
    paths.set(path, !deps.synced && (paths.get(path) ?? true));
  }
  if (paths.size > ATTACHMENT_LIMITS.files)
    reasons.push(`More than ${ATTACHMENT_LIMITS.files} files are attached.`);
  const found = reasons.length > 0 ? [] : await readAll(deps, paths, reasons);
  if (reasons.length > 0) return { is: 'back', lines: reasons, told: [] };
  const changed = found.find(({ path, sha256 }) =>
    kept.attachments.some((file) => attachmentPath(file.name) === path && file.sha256 !== sha256),
  );
  if (changed)
    return {
      is: 'back',
      lines: [
        `${shown(changed.path)} is not the file that was offered: it was changed since. To send it as it is now, delete the property \`reply_attachments\` and link it under Reply.`,
      ],
      told: [],
    };
  const unsaid = await unsure(deps, found, offer?.told ?? []);
  if (unsaid === 'wait') return { is: 'wait', words: 'it is looked up who changed a file that is attached' };
  const told = found.map(fileCode);
  if (unsaid.length > 0) return { is: 'back', lines: listing(unsaid), told };
  return { is: 'attached', note: attachedNote(note, reply, links, kept.attachments, found), told };
}

/** Codes of the files that a note names with their digests. */
export function knownFiles(note: TaskNote): readonly string[] {
  const read = readAttachments(list(note, 'reply_attachments'));
  if (!read.ok) return [];
  return read.attachments.map(({ name, sha256 }) => fileCode({ path: attachmentPath(name), sha256 }));
}

function linked(
  deps: AttachDeps,
  note: TaskNote,
  reply: string,
  links: readonly FileLink[],
  offer: Pick<Offer, 'shown'> | null,
): readonly Asked[] {
  const before = offer?.shown && 'text' in offer.shown ? offer.shown.text : null;
  // On one machine what stands above the reply, outside of callouts, is what the user asked to have written.
  const wish = deps.synced ? '' : userText(note.body);
  const own = (written: string): boolean =>
    (before !== null && before.length < KEPT_TEXT && !before.includes(written)) || wish.includes(written);
  return links.map(({ from, to, target }) => ({ target, own: own(reply.slice(from, to)) }));
}

function userText(body: string): string {
  const above = body.split(/^## Reply[ \t]*$/m, 1)[0] ?? '';
  return above
    .split('\n')
    .filter((line) => !line.startsWith('>'))
    .join('\n');
}

/** Nobody but the user writes `attach`; beside a peer, only what was not there when the card was first seen is the user's. */
function listed(
  deps: AttachDeps,
  named: readonly string[],
  offer: Pick<Offer, 'shown'> | null,
): readonly Asked[] {
  const before = offer?.shown && 'attach' in offer.shown ? offer.shown.attach : null;
  return named.map((entry) => ({
    target: namedFile(entry),
    own: !deps.synced || (before !== null && !before.includes(entry)),
  }));
}

/** Paths from the root, each with whether the user surely asked for it; what cannot be attached becomes a reason. */
function pathsOf(deps: AttachDeps, asked: readonly Asked[], reasons: string[]): Map<string, boolean> {
  const paths = new Map<string, boolean>();
  const wanted: { readonly path: string; readonly ask: Asked }[] = [];
  for (const ask of asked) {
    const path = ask.target.replace(/^(?:\.{0,2}\/)+/, '').normalize('NFC');
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (ask.target === '') reasons.push('A link leads into this note: only files can be attached.');
    else if (isNote(name) || !/\.[^. ]{1,20}$/.test(name))
      reasons.push(`${shown(ask.target)} is a note: only files can be attached. ${PLAIN}`);
    else if (!isPlainPath(path)) reasons.push(`${shown(ask.target)} has a name that cannot be attached.`);
    else wanted.push({ path, ask });
  }
  if (wanted.length === 0) return paths;
  const files = findFiles(deps.vault.root, new Set(wanted.map(({ path }) => sameName(baseName(path)))));
  for (const { path, ask } of wanted) {
    const places = placesOf(files, path);
    const [place] = places;
    if (files === null)
      reasons.push(`${shown(ask.target)} was not looked for: the vault has too many files.`);
    else if (place === undefined)
      reasons.push(`There is no file ${shown(ask.target)} in the vault. ${PLAIN}`);
    else if (places.length > 1)
      reasons.push(
        `${shown(ask.target)} is the name of ${places.length} files: ${places.slice(0, 4).map(shown).join(', ')}. Link the one you mean with its folder.`,
      );
    else if (!isPlainPath(place)) reasons.push(`${shown(place)} has a name that cannot be attached.`);
    // Asked for twice, once by somebody else: then it is not surely the user's wish.
    else paths.set(place, (paths.get(place) ?? true) && ask.own);
  }
  return paths;
}

/** A path as written wins; else every file whose path ends so, as in Obsidian. */
function placesOf(files: FoundFiles, path: string): readonly string[] {
  const places = files?.get(sameName(baseName(path))) ?? [];
  if (!path.includes('/')) return places;
  const same = sameName(path);
  const exact = places.filter((place) => sameName(place) === same);
  return exact.length > 0 ? exact : places.filter((place) => sameName(place).endsWith(`/${same}`));
}

async function readAll(
  deps: AttachDeps,
  paths: ReadonlyMap<string, boolean>,
  reasons: string[],
): Promise<readonly Found[]> {
  const found: Found[] = [];
  let total = 0;
  for (const [path, own] of paths) {
    const read = await readFileBytes(deps.vault.root, path, ATTACHMENT_LIMITS.fileBytes);
    if (!read.ok) {
      reasons.push(`The attachment ${shown(path)} ${UNREAD[read.why]}`);
      continue;
    }
    total += read.bytes.length;
    if (total > ATTACHMENT_LIMITS.allBytes) {
      reasons.push('The attachments are larger than 15 MB together.');
      return found;
    }
    found.push({ path, sha256: digest(read.bytes), ctimeMs: read.ctimeMs, size: read.bytes.length, own });
  }
  return found;
}

/** Those that the user was not told of and that are not surely theirs. */
async function unsure(
  deps: AttachDeps,
  found: readonly Found[],
  told: readonly string[],
): Promise<readonly Found[] | 'wait'> {
  const unsaid: Found[] = [];
  for (const file of found) {
    if (told.includes(fileCode(file))) continue;
    const origin = file.own ? await deps.cards.judgeFile(file) : 'unsure';
    if (origin === 'settle_first') return 'wait';
    if (origin === 'unsure') unsaid.push(file);
  }
  return unsaid;
}

function listing(files: readonly Found[]): readonly string[] {
  return [
    files.length === 1
      ? 'This file leaves with the mail:'
      : `These ${files.length} files leave with the mail:`,
    ...files.map(
      ({ path, size, sha256 }) =>
        `**Attached** ${shownLink(path)}, ${sizeWords(size)} (sha256 ${sha256.slice(0, 12)})`,
    ),
    'Handover cannot tell that it was you who put it there. **Is it the right one?** Move the card to `Approved` again and it is sent.',
  ];
}

function attachedNote(
  note: TaskNote,
  reply: string,
  links: readonly FileLink[],
  kept: readonly OutgoingAttachment[],
  found: readonly Found[],
): TaskNote {
  const added = found.filter(({ path }) => !kept.some((file) => attachmentPath(file.name) === path));
  const files = [...kept, ...added.map(({ path, sha256 }) => ({ name: nameForPath(path), sha256 }))];
  const body = links.length === 0 ? note.body : withReply(note.body, withFileNames(reply));
  return withData(
    { data: note.data, body },
    { reply_attachments: files.map(attachmentEntry), attach: undefined },
  );
}

const PLAIN = 'What is meant as text goes between backticks.';

const UNREAD = {
  gone: 'is not in the vault any more.',
  'not-a-file': 'is no regular file.',
  'too-large': 'is larger than 10 MB.',
} as const;

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Names in the vault are written by others too. */
function shown(path: string): string {
  return inlineCode(path, 160);
}

const LINKABLE = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ,.'()&+_/-]*[\p{L}\p{N})])?$/u;

/** To be looked at with one click, where nothing in the path means more than itself. */
function shownLink(path: string): string {
  const as = sentName(path);
  if (path.length > 200 || !LINKABLE.test(path)) return shown(path);
  return baseName(path) === as ? `[[${path}]]` : `[[${path}]] as ${shown(as)}`;
}

/** Decimal, as file managers and providers count. */
function sizeWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
