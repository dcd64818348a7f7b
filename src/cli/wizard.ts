/** The questions of `handover init`. Answers are kept in memory and tried as they come; nothing is written here. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Key } from '../runtime/config.ts';
import { type Finding, lines } from './doctor-check.ts';
import type { MachineRole } from './env-file.ts';
import { localSyncthing } from './local-syncthing.ts';
import type { Paint } from './paint.ts';
import { VerbFault } from './verb.ts';
import { type Checks, type Edge, obstacles } from './wizard-checks.ts';
import { faultIn, serversFor } from './wizard-settings.ts';

type Ask = (question: string) => Promise<string>;

export interface Wizard {
  readonly ask: Ask;
  readonly askSecret: Ask;
  readonly say: (text: string) => void;
  readonly doing: (words: string) => void;
  readonly paint: Paint;
  readonly cwd: string;
  /** As `.env` has them, then as they were answered. */
  readonly values: Record<string, string>;
  /** Said by a flag: not asked, unless it does not work. */
  readonly given: ReadonlySet<string>;
  /** Null: nothing is tried. */
  readonly checks: Checks | null;
}

export async function askRole(wizard: Wizard, usual: MachineRole): Promise<MachineRole> {
  wizard.say(
    [
      'What is this machine?',
      '  both    everything runs here',
      '  cloud   it reads mail and drafts; it cannot send',
      '  laptop  it sends what you approve; the cloud machine drafts',
    ].join('\n'),
  );
  for (;;) {
    const said = (await wizard.ask(`both, cloud or laptop [${usual}]: `)).trim().toLowerCase();
    const role = said === '' ? usual : said;
    if (role === 'both' || role === 'cloud' || role === 'laptop') return role;
    wizard.say('Please type one of the three words.');
  }
}

export async function interview(wizard: Wizard, role: MachineRole): Promise<void> {
  wizard.say('Enter takes what stands in brackets; a single - leaves it empty.');
  await places(wizard);
  if ((wizard.values['ACCOUNTS_FILE'] ?? '') === '') {
    await mailbox(wizard);
    await (role === 'cloud' ? sendingKey(wizard) : sending(wizard));
  } else {
    wizard.say('The mailboxes are in ACCOUNTS_FILE: handover doctor tries them.');
  }
  await drafter(wizard);
  await books(wizard, role);
  if (role !== 'both') await sharing(wizard, role);
}

interface Wish {
  readonly usual?: string;
  readonly required?: boolean;
  /** Ask although it was given: it did not work. */
  readonly again?: boolean;
}

async function answer(wizard: Wizard, key: Key, question: string, wish: Wish = {}): Promise<string> {
  const { values, given, say, paint } = wizard;
  const there = values[key] ?? '';
  if (given.has(key) && wish.again !== true && faultIn(key, there) === null) return there;
  const usual = there === '' ? (wish.usual ?? '') : there;
  for (;;) {
    const line = (await wizard.ask(`${question}${usual === '' ? '' : ` [${usual}]`}: `)).trim();
    const value = asMeant(wizard, key, line === '' ? usual : line === '-' ? '' : line);
    const fault = value === '' && wish.required === true ? 'is needed' : faultIn(key, value);
    if (fault === null) return (values[key] = value);
    say(paint.warn(`  ${key} ${fault}`));
  }
}

async function secret(wizard: Wizard, key: Key, question: string, wish: Wish = {}): Promise<void> {
  const { values, given, say, paint } = wizard;
  if (given.has(key) && wish.again !== true) return;
  const usual = (values[key] ?? '') === '' ? (wish.usual ?? '') : (values[key] ?? '');
  for (;;) {
    const kept = usual === '' ? '' : ' [Enter: as it is]';
    const line = await wizard.askSecret(`${question}, not shown${kept}: `);
    const value = line === '' ? usual : line === '-' ? '' : line;
    const fault = value === '' && wish.required === true ? 'is needed' : faultIn(key, value);
    if (fault === null) {
      values[key] = value;
      return;
    }
    say(paint.warn(`  ${key} ${fault}`));
  }
}

const PATHS: readonly Key[] = ['VAULT_DIR', 'STATE_DIR', 'TLS_CA_FILE'];

/** No shell reads what is typed here, so `~` is ours to understand. */
export function asMeant({ cwd }: { readonly cwd: string }, key: Key, value: string): string {
  if (value === '' || !PATHS.includes(key)) return value;
  return resolve(cwd, value === '~' || value.startsWith('~/') ? join(homedir(), value.slice(1)) : value);
}

async function yes(wizard: Wizard, question: string, usual: boolean): Promise<boolean> {
  for (;;) {
    const said = (await wizard.ask(`${question} [${usual ? 'Y/n' : 'y/N'}]: `)).trim();
    if (said === '') return usual;
    if (/^(y|yes|n|no)$/i.test(said)) return /^y/i.test(said);
  }
}

/** Asks, tries, and asks again while it does not work and the user wants to. */
async function working(
  wizard: Wizard,
  edge: Edge,
  questions: (again: boolean) => Promise<void>,
): Promise<void> {
  for (let again = false; ; again = true) {
    await questions(again);
    if (wizard.checks === null) return;
    wizard.doing(`trying ${edge}`);
    const findings = await wizard.checks[edge](wizard.values);
    show(wizard, findings);
    if (obstacles(findings).length === 0) return;
    if ((await otherwise(wizard)) === 'keep') return;
  }
}

async function otherwise(wizard: Wizard): Promise<'again' | 'keep'> {
  for (;;) {
    const said = (await wizard.ask('Other values? y: ask again, k: keep these, q: stop [Y/k/q]: ')).trim();
    if (said === '' || /^y/i.test(said)) return 'again';
    if (/^k/i.test(said)) return 'keep';
    if (/^q/i.test(said)) throw new VerbFault('stopped', 'stopped; nothing was written');
  }
}

export function show({ say, paint }: Pick<Wizard, 'say' | 'paint'>, findings: readonly Finding[]): void {
  const colour = { ok: paint.good, off: paint.dim, warning: paint.warn, fault: paint.bad };
  for (const one of findings) {
    say(
      lines(one)
        .map((line) => `  ${colour[one.level](line)}`)
        .join('\n'),
    );
  }
}

async function places(wizard: Wizard): Promise<void> {
  const home = homedir();
  await answer(wizard, 'VAULT_DIR', 'The vault, which you open in Obsidian', {
    usual: join(home, 'Vault'),
    required: true,
  });
  await answer(wizard, 'STATE_DIR', 'The state folder, which does not travel with the vault', {
    usual: join(home, '.local', 'state', 'handover'),
    required: true,
  });
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  await answer(wizard, 'TIMEZONE', 'Time zone', { usual: zone });
}

async function mailbox(wizard: Wizard): Promise<void> {
  const { values } = wizard;
  const from = await answer(wizard, 'MAIL_FROM', 'You, as replies name you (Name <you@example.org>)', {
    required: true,
  });
  const { imap, oauth } = serversFor(from);
  const address = /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from.trim();
  await working(wizard, 'imap', async (again) => {
    await answer(wizard, 'IMAP_HOST', 'IMAP server', { usual: imap.host, required: true, again });
    await answer(wizard, 'IMAP_PORT', 'IMAP port', { usual: imap.port, again });
    const secure = values['IMAP_PORT'] === '143' ? 'starttls' : imap.secure;
    await answer(wizard, 'IMAP_SECURE', 'IMAP TLS (true, starttls, false)', { usual: secure, again });
    await answer(wizard, 'IMAP_USER', 'IMAP user', { usual: address, required: true, again });
    // Gmail takes app passwords as well, Microsoft takes nothing else.
    const usual = oauth === 'microsoft' ? 'oauth' : 'password';
    await answer(wizard, 'IMAP_AUTH', 'Log in by password or oauth', { usual, again });
    if (values['IMAP_AUTH'] === 'oauth') await application(wizard, oauth ?? 'google', again);
    else await secret(wizard, 'IMAP_PASSWORD', 'Password that reads mail', { required: true, again });
    await answer(wizard, 'IMAP_MAILBOX', 'Folder to watch', { usual: 'INBOX', again });
  });
}

async function application(wizard: Wizard, provider: string, again: boolean): Promise<void> {
  await answer(wizard, 'IMAP_OAUTH_PROVIDER', 'google, microsoft or custom', { usual: provider, again });
  await answer(wizard, 'IMAP_OAUTH_CLIENT_ID', 'Client id of your application (docs/providers.md)', {
    required: true,
    again,
  });
  await secret(wizard, 'IMAP_OAUTH_CLIENT_SECRET', 'Its secret, where it has one', { again });
}

/** The cloud's key should read alone: told, and left to the user. */
async function sendingKey(wizard: Wizard): Promise<void> {
  if (wizard.checks === null) return;
  wizard.doing('trying whether this key could send');
  show(wizard, await wizard.checks.smtp(wizard.values));
}

async function sending(wizard: Wizard): Promise<void> {
  const { values } = wizard;
  const { smtp } = serversFor(values['MAIL_FROM'] ?? '');
  await working(wizard, 'smtp', async (again) => {
    await answer(wizard, 'SMTP_HOST', 'SMTP server', { usual: smtp.host, required: true, again });
    await answer(wizard, 'SMTP_PORT', 'SMTP port', { usual: smtp.port, again });
    const secure = values['SMTP_PORT'] === '587' ? 'starttls' : 'true';
    await answer(wizard, 'SMTP_SECURE', 'SMTP TLS (true, starttls, false)', { usual: secure, again });
    const auth = values['IMAP_AUTH'] ?? 'password';
    await answer(wizard, 'SMTP_AUTH', 'Log in by password or oauth', { usual: auth, again });
    await answer(wizard, 'SMTP_USER', 'SMTP user (- for a server without login)', {
      usual: values['IMAP_USER'] ?? '',
      again,
    });
    if (values['SMTP_AUTH'] === 'oauth' || values['SMTP_USER'] === '') return;
    await secret(wizard, 'SMTP_PASSWORD', 'Password that sends mail', {
      usual: values['IMAP_PASSWORD'] ?? '',
      required: true,
      again,
    });
  });
}

async function drafter(wizard: Wizard): Promise<void> {
  const { values } = wizard;
  await working(wizard, 'model', async (again) => {
    await answer(wizard, 'DRAFTER', 'Who writes drafts (template, anthropic, openai-compatible)', {
      usual: 'template',
      again,
    });
    if (values['DRAFTER'] === 'template') return;
    await answer(wizard, 'DRAFTER_MODEL', 'Model', { required: true, again });
    if (values['DRAFTER'] === 'openai-compatible') {
      await answer(wizard, 'DRAFTER_BASE_URL', 'Where it answers', {
        usual: 'http://127.0.0.1:11434/v1',
        required: true,
        again,
      });
    }
    await secret(wizard, 'DRAFTER_API_KEY', "The model's key", {
      required: values['DRAFTER'] === 'anthropic',
      again,
    });
  });
}

async function books(wizard: Wizard, role: MachineRole): Promise<void> {
  const { values } = wizard;
  const there = (values['ODOO_URL'] ?? '') !== '';
  if (!there && !(await yes(wizard, 'Do you use Odoo for invoices', false))) return;
  await working(wizard, 'odoo', async (again) => {
    await answer(wizard, 'ODOO_URL', 'Address of Odoo (https://...)', { required: true, again });
    await answer(wizard, 'ODOO_DB', 'Name of its database', { required: true, again });
    await answer(wizard, 'ODOO_USERNAME', 'Login of the user the key belongs to', { required: true, again });
    await secret(wizard, 'ODOO_API_KEY', 'API key', { required: true, again });
  });
  if (role !== 'both' || (values['ODOO_ALLOW_POSTING_KEY'] ?? '') !== '') return;
  const one = 'On one machine both halves use this key. Shall what you approve be posted with it';
  if (await yes(wizard, one, false)) values['ODOO_ALLOW_POSTING_KEY'] = 'the cloud key may post';
}

async function sharing(wizard: Wizard, role: 'cloud' | 'laptop'): Promise<void> {
  const here = await localSyncthing(homedir());
  await working(wizard, 'syncthing', async (again) => {
    await answer(wizard, 'SYNCTHING_URL', 'The Syncthing of this machine', {
      usual: here?.url ?? 'http://127.0.0.1:8384',
      again,
    });
    await secret(wizard, 'SYNCTHING_API_KEY', 'Its API key (Settings)', {
      usual: here?.apiKey ?? '',
      required: true,
      again,
    });
  });
  const other = role === 'cloud' ? 'laptop' : 'cloud machine';
  await answer(wizard, 'SYNCTHING_PEER_DEVICE', `Device id of the ${other}, if you have it yet`);
  await answer(wizard, 'SYNCTHING_TRUSTED_DEVICES', 'Device ids of your phones, with commas');
}
