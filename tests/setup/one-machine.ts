/** README's "One machine", typed line by line at a terminal of a bare Debian by a user who has Node and git. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dovecot, MailAccount } from '../helpers/dovecot.ts';
import type { TestSmtp } from '../helpers/smtp.ts';
import { PROJECT } from '../helpers/source-tree.ts';
import type { AtTerminal } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';
import { type BareRoot, PROMPT } from './bare-root.ts';
import { commandsUnder } from './readme.ts';

const MINUTES = 60_000;

export interface Provider {
  readonly dovecot: Dovecot;
  readonly smtp: TestSmtp;
  readonly address: string;
  /** The one that `smtp` takes. */
  readonly submissionPassword: string;
}

export async function oneMachine(root: BareRoot, provider: Provider): Promise<void> {
  await prerequisites(root);
  const shell = await root.shell('you');
  const type = async (line: string, limitMs = 10 * MINUTES): Promise<void> => {
    await shell.answer(PROMPT, line);
    if (line === 'npx handover init') await typeAll(shell, wizardAnswers(provider));
    await shell.answer(PROMPT, `test $? = 0 && echo went''-well`, limitMs);
    await shell.sees('went-well\r');
  };
  for (const line of commandsUnder('One machine')) {
    await type(line.replace('<this repository>', '/srv/handover.git'));
  }
  const vault = join(root.path, 'home/you/Vault');
  await provider.dovecot.deliver(provider.address, letter(provider.address, 'Wednesday'), 'anna@example.net');
  const name = await until(
    'a draft appears',
    () => readdirSync(join(vault, 'Pending_Approval/email')).find((one) => one.includes('Wednesday')),
    2 * MINUTES,
  );
  // Step 5, in DRY_RUN; as Obsidian moves a file.
  const yes = (): Promise<void> => type(`mv ~/Vault/Pending_Approval/email/*Wednesday* ~/Vault/Approved/`);
  const card = (): string => readFileSync(join(vault, 'Pending_Approval/email', name), 'utf8');
  await yes();
  await until('it comes back and says so', () => says(card, 'Dry run: nothing was sent'), 2 * MINUTES);
  assert.equal(provider.smtp.mails.length, 0);
  // Step 6.
  await type(`sed -i 's/^DRY_RUN=.*/DRY_RUN=false/' .env`);
  await type('npx pm2 restart ecosystem.config.js');
  await yes();
  await until('it was sent', () => provider.smtp.mails.length === 1, 3 * MINUTES);
  await until(
    'it is in Done',
    () => spawnSync('grep', ['-rlq', 'Wednesday', join(vault, 'Done')]).status === 0,
  );
  await type('npx handover status');
  await type('npx pm2 kill');
  await shell.answer(PROMPT, 'exit');
  await shell.exit;
}

function says(card: () => string, words: string): boolean {
  try {
    return card().includes(words);
  } catch {
    // It is not back yet.
    return false;
  }
}

/** What README says that you need: Node and git; ps is on every system but the barest. And the repository, where a name can stand for it. */
async function prerequisites(root: BareRoot): Promise<void> {
  await root.run('useradd --create-home --shell /bin/bash you');
  await root.run('apt-get -qq update; apt-get -qq -y install --no-install-recommends git procps >/dev/null');
  const lib = join(root.path, 'usr/local/lib/node_modules');
  mkdirSync(lib, { recursive: true });
  cpSync(process.execPath, join(root.path, 'usr/local/bin/node'));
  const npm = spawnSync('npm', ['root', '--global'], { encoding: 'utf8' }).stdout.trim();
  cpSync(join(npm, 'npm'), join(lib, 'npm'), { recursive: true });
  const links = ['npm', 'npx'].map((name) => `ln -sf ../lib/node_modules/npm/bin/${name}-cli.js ${name}`);
  await root.run(`cd /usr/local/bin && ${links.join(' && ')}; cp -f /root/.npmrc /home/you/`);
  const to = join(root.path, 'srv/handover.git');
  spawnSync('git', ['clone', '--quiet', '--bare', PROJECT, to]);
  // As a clone from elsewhere is nobody's in particular.
  await root.run('chown -R you: /srv/handover.git /home/you; node --version; npm --version');
}

export type Answers = readonly (readonly [question: string, line: string])[];

/** What the wizard asks about the mailbox, in its order. Vault and state folder are not asked where they were given. */
export function mailAnswers(from: string, { host, port, user, password }: MailAccount): Answers {
  return [
    ['Time zone', 'Europe/Berlin'],
    ['You, as', `You <${from}>`],
    ...serverAnswers('IMAP', { host, port }),
    ['IMAP user', user],
    ['Log in by', ''],
    ['Password that reads', password],
    ['Folder to watch', ''],
  ];
}

export function sendAnswers({ host, port, user, password }: MailAccount): Answers {
  return [
    ...serverAnswers('SMTP', { host, port }),
    ['Log in by', ''],
    ['SMTP user', user],
    ['Password that sends', password],
  ];
}

function serverAnswers(protocol: string, { host, port }: Pick<MailAccount, 'host' | 'port'>): Answers {
  return [
    [`${protocol} server`, host],
    [`${protocol} port`, String(port)],
    [`${protocol} TLS`, 'false'],
  ];
}

/** The first question may come after minutes of packages. */
export async function typeAll(shell: AtTerminal, answers: Answers): Promise<void> {
  for (const [question, line] of answers) await shell.answer(question, line, 10 * MINUTES);
}

function wizardAnswers({ dovecot, smtp, address, submissionPassword: password }: Provider): Answers {
  return [
    ['both, cloud or laptop', ''],
    ['The vault', ''],
    ['The state', ''],
    ...mailAnswers(address, dovecot.user(address)),
    ...sendAnswers({ host: smtp.host, port: smtp.port, user: address, password }),
    ['Who writes drafts', ''],
    ['Do you use Odoo', ''],
    ['Write it', ''],
  ];
}

/** Anna asks whether a day suits. */
export function letter(to: string, day: string): string {
  return [
    'From: Anna Berg <anna@example.net>',
    `To: ${to}`,
    `Subject: ${day}`,
    `Message-ID: <${day.toLowerCase()}@example.net>`,
    `Date: ${new Date().toUTCString()}`,
    '',
    `Does ${day} suit you?`,
    '',
  ].join('\r\n');
}
