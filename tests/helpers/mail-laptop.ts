/**
 * The laptop's side of mail as it is: a vault on the disk, the real journal, the tools of email-mcp over a real SMTP server
 * and a mailbox on Dovecot. Only the clock is steered, and a pass of the handler is asked for.
 */
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import type { CrashPoint } from '../../src/core/crash-points.ts';
import { newBody } from '../../src/core/body.ts';
import { originalSection } from '../../src/core/neutralise.ts';
import type { QuietHours } from '../../src/core/quiet-hours.ts';
import type { FirstContactRule } from '../../src/core/outgoing-reasons.ts';
import { parseNote, renderNote, type TaskNote } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { EffectLimit } from '../../src/journal/effect-limit.ts';
import { ImapSession } from '../../src/mail/mailbox/imap-session.ts';
import { contactsReader } from '../../src/mail/people/read-contacts.ts';
import { type MailJournal, openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { SealedReplies } from '../../src/mail/submission/sealed-replies.ts';
import { sendSealed } from '../../src/mail/submission/send-sealed.ts';
import { SentFolder } from '../../src/mail/submission/sent-folder.ts';
import type { EmailDeps } from '../../src/mcp/email/email-deps.ts';
import { fileInSent } from '../../src/mcp/email/file-in-sent.ts';
import { lookInSent } from '../../src/mcp/email/look-in-sent.ts';
import { threadStatus } from '../../src/mcp/email/thread-status.ts';
import { quietUntil } from '../../src/core/quiet-hours.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { ActiveEffects } from '../../src/stages/active-effects.ts';
import { BounceRecords } from '../../src/stages/bounce-records.ts';
import { outgoingCheck } from '../../src/stages/check-outgoing.ts';
import { type ApprovalDeps, scanApprovals } from '../../src/stages/execute-approval.ts';
import type { MailEffects } from '../../src/stages/mail-effects.ts';
import { oneMachineCards } from '../../src/stages/offered-cards.ts';
import { Offers } from '../../src/stages/offers.ts';
import { writtenTo } from '../../src/stages/written-to.ts';
import { Vault } from '../../src/vault/vault.ts';
import type { Dovecot } from './dovecot.ts';
import { mailOnly } from './edges.ts';
import type { TestSmtp } from './smtp.ts';
import { testDir } from './testdir.ts';

const ME = { name: 'Me', address: 'me@example.com' };
export const ID = 'em-0123456789abcdef' as TaskId;

export class Killed extends Error {}

export interface LaptopSettings {
  quiet?: QuietHours | null;
  firstContact?: FirstContactRule;
  sendsPerHour?: number;
  dryRun?: boolean;
  undoMs?: number;
}

/** A card that answers a mail of Anna's. */
export function card(
  id: TaskId = ID,
  more: Record<string, string | string[]> = {},
  reply = 'Hello Anna,\n\nyes.',
) {
  const { section } = originalSection({
    ...{ from: 'Anna', when: '2026-11-20T08:01:02', text: 'Can you come?', maxBytes: 9999 },
  });
  const data = {
    ...{ id, kind: 'email_reply', rev: 2, from: 'Anna <anna@example.org>', to: ['me@example.com'] },
    ...{ received: '2026-11-20T08:01:02', message_id: `<q-${id}@example.org>` },
    ...{ reply_to: ['Anna <anna@example.org>'], reply_cc: [], reply_subject: 'Re: Visit', ...more },
  };
  const verdict = { kind: 'todo', title: 't', lines: [] } as const;
  return { data, body: newBody({ verdict, reply, feedback: '', original: section }) } satisfies TaskNote;
}

export const nameOf = (id: TaskId) => `Anna Visit ${id}.md`;

export class MailLaptop {
  readonly vault: Vault;
  readonly stateDir: string;
  readonly smtp: TestSmtp;
  readonly offers: Offers;
  readonly records: BounceRecords;
  readonly settings: LaptopSettings = {};
  /** Milliseconds; ahead of the file times, so that the undo window is over. */
  now = Date.now() + 60_000;
  waits: number[] = [];
  lines: string[] = [];
  audited: string[] = [];
  readonly #sent: SentFolder;
  readonly #session: ImapSession;

  private constructor(vault: Vault, stateDir: string, smtp: TestSmtp, dovecot: Dovecot, user: string) {
    this.vault = vault;
    this.stateDir = stateDir;
    this.smtp = smtp;
    const clock = { now: () => this.now, sleep: () => Promise.resolve() };
    this.offers = new Offers({ stateDir, clock });
    this.records = new BounceRecords(stateDir, clock.now);
    const { host, port, password } = dovecot.user(user);
    this.#session = new ImapSession({
      ...{ host, port, secure: 'false' },
      auth: { type: 'password', user, password },
    });
    const session = this.#session;
    const ownAddresses = [ME.address];
    this.#sent = new SentFolder({ session, filing: 'append', mailbox: 'INBOX', ownAddresses });
  }

  static async open(smtp: TestSmtp, dovecot: Dovecot, user: string): Promise<MailLaptop> {
    const vault = await Vault.open(await testDir());
    await vault.ensureFolders();
    return new MailLaptop(vault, await testDir(), smtp, dovecot, user);
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  journal(): Promise<MailJournal> {
    return openMailJournal({ stateDir: this.stateDir, self: ownIdentity(), isAlive, now: () => this.now });
  }

  async state(id: TaskId = ID): Promise<string> {
    return (await (await this.journal()).view(id)).state.state;
  }

  #effects(journal: MailJournal): MailEffects {
    const { vault, stateDir, smtp, settings } = this;
    const limit = new EffectLimit({
      stateDir,
      of: 'sends',
      perHour: settings.sendsPerHour ?? 30,
      now: () => this.now,
    });
    const mailbox = { sent: this.#sent, filing: 'append' as const };
    const deps: EmailDeps = {
      ...{ vault, journal, timeZone: 'UTC' },
      notice: null,
      stateNotice: null,
      mailboxes: { ofSender: () => mailbox, ofAccount: () => mailbox },
      send: (id) =>
        sendSealed(id, {
          ...{ journal, limit, stateDir, at: () => undefined, dryRun: settings.dryRun ?? false },
          paused: () => vault.paused(),
          quietUntil: () => quietUntil(this.now, settings.quiet ?? null, 'UTC'),
          smtp: { host: smtp.host, port: smtp.port, secure: 'false', auth: null },
        }),
    };
    const of = (id: TaskId) => ({ task_id: id });
    return {
      send: async (id) => {
        const result = await deps.send(id);
        return result.kind === 'no_account' ? { kind: 'waits', words: result.words } : result;
      },
      lookInSent: async (id) => {
        const { found } = await lookInSent.run(of(id), deps);
        return found === 'not_approved' ? 'unknown' : found;
      },
      fileInSent: async (id) => {
        const { filed } = await fileInSent.run(of(id), deps);
        return filed === 'not_sent' ? 'unknown' : filed;
      },
      threadStatus: async (id) => {
        const { status } = await threadStatus.run(of(id), deps);
        return status === 'no_such_task' ? 'unknown' : status;
      },
    };
  }

  async #deps(kill: CrashPoint | undefined): Promise<ApprovalDeps> {
    const { vault, stateDir, offers, settings } = this;
    const clock = { now: () => this.now, sleep: () => Promise.resolve() };
    const journal = await this.journal();
    const replies = new SealedReplies({ journal, from: ME, now: clock.now });
    const at = (point: CrashPoint) => {
      if (point === kill) throw new Killed(point);
    };
    const written = writtenTo(stateDir);
    const check = outgoingCheck({
      ...{ vault, writtenTo: written, own: [ME.address], firstContact: settings.firstContact ?? 'ask' },
      // Always anew: the steered clock stands still.
      contacts: () => contactsReader(vault, clock.now)(),
    });
    const effects = this.#effects(journal);
    return {
      ...{
        vault,
        clock,
        offers,
        at,
        timeZone: 'UTC',
        expiresMs: 3_600_000,
        undoMs: settings.undoMs ?? 10_000,
      },
      edges: mailOnly({ effects, vault, offers, clock, at, journal: replies, check, writtenTo: written }),
      cards: oneMachineCards(offers),
      gate: () => Promise.resolve(null),
      drafting: { has: () => Promise.resolve(false) },
      synced: false,
      active: new ActiveEffects(stateDir),
      log: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
      audit: {
        append: (entry) => {
          this.audited.push(entry.action);
          return Promise.resolve();
        },
      },
      newClaim: () => '01TEST',
      isSystemFault: (error) => error instanceof Killed,
      wakeAt: (ms) => void this.waits.push(ms),
      waiting: (line) => {
        if (line !== null) this.lines.push(line);
      },
      quiet: settings.quiet ?? null,
      bounces: { returns: replies, records: this.records },
    };
  }

  /** One pass of the handler, as after its start. */
  async pass(kill?: CrashPoint): Promise<void> {
    await scanApprovals(await this.#deps(kill), new AbortController().signal);
  }

  /** As the drafter offers it. */
  async offer(note: TaskNote = card(), id: TaskId = ID): Promise<void> {
    await this.offers.record(id, nameOf(id), note);
    await this.vault.create({ folder: 'Pending_Approval/email', name: nameOf(id) }, renderNote(note));
  }

  /** As the user moves a note with the mouse. */
  drag(from: string, to: string, name = nameOf(ID)): Promise<void> {
    return rename(join(this.vault.root, from, name), join(this.vault.root, to, name));
  }

  approve(name = nameOf(ID)): Promise<void> {
    return this.drag('Pending_Approval/email', 'Approved', name);
  }

  /** As the user edits a pending card. */
  async edit(change: (text: string) => string, name = nameOf(ID)): Promise<void> {
    const path = join(this.vault.root, 'Pending_Approval/email', name);
    const before = await readFile(path, 'utf8');
    const after = change(before);
    if (after === before) throw new Error('the edit changes nothing');
    await writeFile(path, after);
  }

  /** Where the notes lie, but for what the user keeps: folder and name, `Done` without its month. */
  async places(): Promise<string[]> {
    const found: string[] = [];
    for (const entry of await readdir(this.vault.root, { recursive: true, withFileTypes: true })) {
      const folder = entry.parentPath.slice(this.vault.root.length + 1);
      if (!entry.isFile() || !entry.name.endsWith('.md') || /^(?:Contacts|Templates|)$/.test(folder))
        continue;
      found.push(`${folder.replace(/^Done\/.*/, 'Done')}/${entry.name}`);
    }
    return found.sort();
  }

  async note(folder: string, name = nameOf(ID)): Promise<TaskNote> {
    let path = join(this.vault.root, folder, name);
    if (folder === 'Done') {
      const months = await readdir(join(this.vault.root, 'Done'));
      path = join(this.vault.root, 'Done', months.find((m) => /^\d/.test(m)) ?? '', name);
    }
    const read = parseNote(await readFile(path, 'utf8'));
    if (!read.ok) throw new Error(read.fault.message);
    return read.note;
  }
}

export const PENDING = [`Pending_Approval/email/${nameOf(ID)}`];
export const DONE = [`Done/${nameOf(ID)}`];
