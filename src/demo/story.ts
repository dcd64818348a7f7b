import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { followMoves } from './follow-moves.ts';
import type { SentMail } from './mail-pair.ts';
import type { Screen } from './screen.ts';
import { until } from './until.ts';
import { bodyOf, propertiesOf, type SeenNote, seeNotes } from './vault-view.ts';
import { demoMails, HANDS_ON_UNDO_SECONDS, MAILBOX, type World } from './world.ts';

const SETTLE_MS = 30_000;
/** With a person at the vault there is no hurry. */
const HANDS_ON_MS = 3_600_000;
const AT_REST = /^(Pending_Approval|Skipped|Quarantine)\b/;

export interface Checked {
  readonly what: string;
  readonly kept: boolean;
}

interface Arrived {
  readonly file: string;
  readonly mail: Email;
}

/** Tells the story on the screen and returns what was promised and whether it came true. */
export async function tellStory(
  world: World,
  screen: Screen,
  handsOn: boolean,
  signal: AbortSignal,
): Promise<readonly Checked[]> {
  await showProcesses(world, screen);
  signal.throwIfAborted();
  const arrived = await mailsArrive(world, screen);
  const notes = await notesSettle(world, screen, arrived, signal);
  const question = notes.find((note) => note.messageId === arrived[0]?.mail.messageId);
  if (!question?.folder.startsWith('Pending_Approval')) throw new Error('the customer got no draft');
  screen.step('The draft for the customer, as Obsidian shows it');
  screen.item('file', `${question.folder}/${question.name}`);
  const properties = propertiesOf(question);
  screen.item('properties', `${properties.slice(0, 6).join(', ')} … ${properties.length} in all`);
  screen.quote(bodyOf(question), 60);

  const approved = handsOn
    ? await userApproves(world, screen, signal)
    : await demoApproves(world, screen, question);
  const sent = await mailLeaves(world, screen, signal);
  const done = await noteIsDone(world, screen, approved ?? sent.answered, signal);
  const audit = await auditLine(world, screen);
  const dashboard = await showDashboard(world, screen, done, signal);
  const after = await seeNotes(world.vaultDir);
  const original = arrived.find(({ mail }) => mail.messageId === sent.answered)?.mail;
  return [
    {
      what: 'every mail is in exactly one folder',
      kept: arrived.every(
        ({ mail }) => after.filter((note) => note.messageId === mail.messageId).length === 1,
      ),
    },
    {
      what: 'newsletter and auto-reply were set aside with their reasons, nobody has to look at them',
      kept: inFolder(after, arrived, ['3-', '4-'], 'Skipped'),
    },
    {
      what: 'nothing left without a yes: as many mails were sent as notes approved',
      kept: sentAsApproved(world, after),
    },
    {
      what: 'the reply is in its thread (In-Reply-To, References, Subject)',
      kept: original !== undefined && isThreaded(sent.mail, original),
    },
    {
      what: 'the note is in Done/ and says when and under which Message-ID it was sent',
      kept: saysSent(done),
    },
    { what: 'the audit log has a line for it', kept: audit },
    { what: 'the dashboard shows it', kept: dashboard },
  ];
}

async function showProcesses(world: World, screen: Screen): Promise<void> {
  screen.step('The processes start under PM2, as they would on your machines');
  await world.startProcesses();
  for (const process_ of await world.pm2.list()) {
    const memory = `${Math.round(process_.memoryBytes / 1_048_576)} MB`;
    screen.item(process_.name, `${process_.status}, pid ${process_.pid}, ${memory}`);
    if (process_.status !== 'online') throw new Error(`${process_.name} did not start`);
  }
}

async function mailsArrive(world: World, screen: Screen): Promise<readonly Arrived[]> {
  screen.step(`Mails arrive for ${MAILBOX}`);
  const arrived: Arrived[] = [];
  for (const { file, raw } of await demoMails()) {
    world.provider.imap.deliver(MAILBOX, raw);
    const mail = await PostalMime.parse(raw);
    arrived.push({ file, mail });
    screen.item(file, `${mail.from?.address ?? '?'}: ${oneLine(mail.subject ?? '')}`);
  }
  return arrived;
}

async function notesSettle(
  world: World,
  screen: Screen,
  arrived: readonly Arrived[],
  signal: AbortSignal,
): Promise<readonly SeenNote[]> {
  screen.step('Each becomes a note; the folder it lies in is its state');
  const notes = await until(
    'each mail is a note with a draft, or set aside',
    SETTLE_MS,
    async () => {
      const seen = (await seeNotes(world.vaultDir)).filter((note) => AT_REST.test(note.folder));
      return arrived.every(({ mail }) => seen.some((note) => note.messageId === mail.messageId))
        ? seen
        : null;
    },
    signal,
  );
  for (const { file, mail } of arrived) {
    const note = notes.find((seen) => seen.messageId === mail.messageId);
    screen.item(file, `${note?.folder}/${note?.name}`);
    const verdict = /^> \[![^\]]*\][+-]? ?(.*)$/m.exec(note?.text ?? '')?.[1];
    if (verdict) screen.item('', verdict);
  }
  return notes;
}

/** Returns the Message-ID of the mail that the approved note answers. */
async function demoApproves(world: World, screen: Screen, note: SeenNote): Promise<string | null> {
  screen.step('You say yes: the note moves to Approved/, which is all there is to it');
  screen.line(`mv "${note.folder}/${note.name}" Approved/`);
  await rename(join(world.vaultDir, note.folder, note.name), join(world.vaultDir, 'Approved', note.name));
  return note.messageId;
}

async function userApproves(world: World, screen: Screen, signal: AbortSignal): Promise<null> {
  const moves = await followMoves(world.vaultDir, screen);
  screen.step('Your turn');
  screen.ask([
    'Open this folder as a vault in Obsidian, or look at it with any file manager:',
    '',
    world.vaultDir,
    '',
    'Read the notes in Pending_Approval/email and change what you like under "## Reply".',
    `Move one to Approved: it is sent after ${HANDS_ON_UNDO_SECONDS} seconds, unless you take it out again.`,
    'Move one to Rejected: nothing is sent, and the note stays there.',
    'Nothing leaves this machine. Ctrl-C ends the demo and removes everything.',
  ]);
  try {
    await until(
      'a note is approved and sent',
      HANDS_ON_MS,
      () => (world.provider.sent[0] ? true : null),
      signal,
    );
  } finally {
    await moves.stop();
  }
  return null;
}

interface Left {
  readonly mail: Email;
  /** Message-ID that the mail that was sent answers. */
  readonly answered: string | null;
}

async function mailLeaves(world: World, screen: Screen, signal: AbortSignal): Promise<Left> {
  const sent = await until('the reply arrives', SETTLE_MS, () => world.provider.sent[0] ?? null, signal);
  screen.step('The mail, as it arrived at the other end');
  const mail = await PostalMime.parse(sent.raw);
  screen.quote(`${headers(sent)}\n\n${mail.text ?? ''}`, 60);
  return { mail, answered: mail.inReplyTo ?? null };
}

function headers(sent: SentMail): string {
  const [head = ''] = sent.raw.toString('utf8').split('\r\n\r\n', 1);
  const wanted = /^(From|To|Cc|Subject|Date|Message-ID|In-Reply-To|References):/i;
  const fields = head.split(/\r\n(?![ \t])/).filter((field) => wanted.test(field));
  return [`(envelope ${sent.from} -> ${sent.to.join(', ')})`, ...fields].join('\n');
}

async function noteIsDone(
  world: World,
  screen: Screen,
  messageId: string | null,
  signal: AbortSignal,
): Promise<SeenNote> {
  const note = await until(
    'the note is in Done/',
    SETTLE_MS,
    async () =>
      (await seeNotes(world.vaultDir)).find(
        (seen) => seen.folder.startsWith('Done/') && seen.messageId === messageId,
      ) ?? null,
    signal,
  );
  screen.step('The note is done, and says so');
  screen.item('file', `${note.folder}/${note.name}`);
  screen.quote(outcome(note).join('\n'));
  return note;
}

function outcome(note: SeenNote): readonly string[] {
  return note.text.split('\n').filter((line) => /^(outcome|sent_at|sent_message_id):/.test(line));
}

function saysSent(note: SeenNote): boolean {
  return outcome(note).length === 3 && outcome(note).includes('outcome: "sent"');
}

async function auditLine(world: World, screen: Screen): Promise<boolean> {
  screen.step('The audit log: one line per effect, each with the hash of the one before');
  const folder = join(world.vaultDir, 'Logs', 'local-agent');
  for (const file of (await readdir(folder)).filter((name) => name.includes('approval-handler'))) {
    const lines = (await readFile(join(folder, file), 'utf8')).trim().split('\n');
    const line = lines.find((text) => /"(result)":"sent"|"action":"mail\.sent"/.test(text));
    if (!line) continue;
    screen.item('file', `Logs/local-agent/${file}`);
    screen.quote(JSON.stringify(JSON.parse(line), null, 1).replace(/\n\s+/g, '\n'), 30);
    return true;
  }
  return false;
}

/** A link is by name only. */
async function showDashboard(
  world: World,
  screen: Screen,
  done: SeenNote,
  signal: AbortSignal,
): Promise<boolean> {
  const path = join(world.vaultDir, 'Dashboard.md');
  const text = await until(
    'the dashboard shows what was sent',
    SETTLE_MS,
    async () => {
      const page = await readFile(path, 'utf8').catch(() => '');
      const [, sent = ''] = page.split(/^## Sent/m);
      return sent.includes(done.name.replace(/\.md$/, '')) ? page : null;
    },
    signal,
  ).catch(() => null);
  screen.step('The dashboard');
  screen.quote(text ?? (await readFile(path, 'utf8')), 50);
  return text !== null;
}

function inFolder(
  notes: readonly SeenNote[],
  arrived: readonly Arrived[],
  files: readonly string[],
  folder: string,
): boolean {
  const wanted = arrived.filter(({ file }) => files.some((prefix) => file.startsWith(prefix)));
  return wanted.every(({ mail }) =>
    notes.some((note) => note.messageId === mail.messageId && note.folder === folder),
  );
}

/** A second mail of a hands-on run may have left a moment ago: its note is on its way to Done. */
function sentAsApproved(world: World, notes: readonly SeenNote[]): boolean {
  const done = notes.filter((note) => note.folder.startsWith('Done/'));
  const underWay = notes.filter((note) => note.folder === 'In_Progress/local-agent');
  const sent = world.provider.sent.length;
  return sent >= done.length && sent <= done.length + underWay.length;
}

function isThreaded(reply: Email, original: Email): boolean {
  const chain = `${original.references ?? ''} ${original.messageId ?? ''}`
    .split(/\s+/)
    .filter((id) => id !== '');
  const topic = (subject: string | undefined): string => (subject ?? '').replace(/^(re|aw):\s*/i, '');
  return (
    reply.inReplyTo === original.messageId &&
    (reply.references ?? '').split(/\s+/).join(' ') === chain.join(' ') &&
    /^re: /i.test(reply.subject ?? '') &&
    topic(reply.subject) === topic(original.subject)
  );
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 80);
}
