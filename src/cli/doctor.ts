import type { Command } from 'commander';
import { visibleText } from '../core/neutralise.ts';
import type { Account } from '../runtime/accounts.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { checkAccess } from './doctor-access.ts';
import type { Finding, Patient } from './doctor-check.ts';
import { checkMailbox } from './doctor-mailbox.ts';
import { checkSending } from './doctor-sending.ts';
import { chosen, type Mail, openMail } from './open-mail.ts';
import { type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/** `handover doctor`: does what is configured on this machine work, and can its keys do no more than they should? */
export function doctorVerb(context: VerbContext): Command {
  const summary = 'try the mailbox and the sending server; sends nothing, changes nothing';
  return verb(context, { name: 'doctor', summary }, (_args, options) => doctor(options))
    .option('--account <name>', 'this one alone')
    .option('--cloud', 'judge this machine as one that must not be able to send')
    .option('--smtp <host:port>', "where the cloud's key is tried, in place of the usual servers");
}

async function doctor(options: Readonly<Record<string, unknown>>): Promise<Outcome> {
  const mail = await openMail(options['cloud'] === true);
  const smtpWish = wishOf(options['smtp']);
  const name = typeof options['account'] === 'string' ? options['account'] : undefined;
  const findings: Finding[] = [];
  for (const account of chosen(mail, name)) findings.push(...(await examine(mail, account, smtpWish)));
  const faults = findings.filter(({ level }) => level === 'fault').length;
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  return {
    exit: faults + warnings === 0 ? EXIT.ok : EXIT.failure,
    json: { ok: faults + warnings === 0, role: mail.role, findings: findings.map(shown) },
    text: [
      mail.role === 'cloud'
        ? 'This machine has no key for sending configured, so its mailbox key should only read.'
        : 'This machine sends.',
      ...findings.map(shown).flatMap(lines),
      summaryOf(faults, warnings),
    ].join('\n'),
  };
}

/** What cannot work for the reason that was just told is left out. */
export async function examine(
  mail: Mail,
  account: Account,
  smtpWish: Patient['smtpWish'] = null,
): Promise<readonly Finding[]> {
  const { imap } = account;
  if (imap === null) return [];
  const { role, ca } = mail;
  const patient: Patient = {
    ...{ account, imap, role, ca, smtpWish },
    authOf: (login) => mail.authOf(account.name, login),
  };
  const access = await checkAccess(patient);
  if (access.level === 'fault') return [access];
  const usesOAuth = [imap.login, account.smtp?.login].some((login) => login?.type === 'oauth2');
  return [...(usesOAuth ? [access] : []), await checkMailbox(patient), await checkSending(patient)];
}

const MARKS: Readonly<Record<Finding['level'], string>> = { ok: 'ok   ', warning: 'WARN ', fault: 'FAULT' };

/** For people. */
export function lines({ level, check, account, words, cure }: Finding): string[] {
  const line = `${MARKS[level]}  ${account}, ${check}: ${words}`;
  return level === 'ok' || cure === '' ? [line] : [line, `       -> ${cure}`];
}

/** Words of servers are others' texts: they must not steer the terminal. */
export function shown(one: Finding): Finding {
  return { ...one, words: visibleText(one.words).text, cure: visibleText(one.cure).text };
}

function summaryOf(faults: number, warnings: number): string {
  if (faults + warnings === 0) return 'Everything that was tried is as it should be.';
  const counts = [
    ...(faults === 0 ? [] : [`${faults} ${faults === 1 ? 'fault' : 'faults'}`]),
    ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`]),
  ];
  return `${counts.join(', ')}; what to do stands behind the arrows.`;
}

function wishOf(value: unknown): Patient['smtpWish'] {
  if (value === undefined) return null;
  const match = typeof value === 'string' ? /^(\[[\da-f:]+\]|[\w.-]+):(\d{1,5})$/i.exec(value) : null;
  const port = Number(match?.[2]);
  if (!match?.[1] || port < 1 || port > 65_535) {
    throw new VerbFault(
      'usage',
      '--smtp takes a server and its port, such as smtp.example.org:465',
      EXIT.usage,
    );
  }
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}
