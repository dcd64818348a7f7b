/** What every check of `handover doctor` gets and gives. One check, one file. */
import { visibleText } from '../core/neutralise.ts';
import type { MailAuth } from '../mail/oauth/token-source.ts';
import type { Account } from '../runtime/accounts.ts';
import type { Environment } from '../runtime/config.ts';
import type { ImapServer, Login } from '../runtime/mail-servers.ts';
import { type Area, CODES, type DoctorCode, type FaultCode, type Severity } from './doctor-codes.ts';
import { type Paint, PLAIN } from './paint.ts';

/** Whether this machine is meant to send. */
export type Role = 'cloud' | 'laptop';

export interface EdgeOptions {
  /**
   * Keys as in `.env`; they win over the file that `ENV_FILE` names, and '' counts as absent. Default: the
   * environment of this process.
   */
  readonly env?: Environment | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

/** One mailbox, as the three checks of mail see it. */
export interface Patient {
  readonly account: Account;
  readonly imap: ImapServer;
  readonly role: Role;
  readonly authOf: (login: Login) => MailAuth;
  /** PEM of an authority to trust besides the system's. */
  readonly ca: string | undefined;
  /** Where the cloud's key is tried, in place of the servers that are guessed. */
  readonly smtpWish: SmtpWish | null;
}

export interface SmtpWish {
  readonly host: string;
  readonly port: number;
}

export interface Finding {
  /** `off`: not configured here, or it cannot be known here; nothing to do. */
  readonly level: 'ok' | 'off' | Severity;
  readonly code: DoctorCode;
  readonly check: Area;
  /** '' when it is about none. */
  readonly account: string;
  readonly words: string;
  /** What to do; '' when nothing. */
  readonly cure: string;
}

export type Check = (patient: Patient) => Promise<Finding>;

export function found(code: FaultCode, words: string, cure: string = CODES[code].cure): Finding {
  const { check, level } = CODES[code];
  return { level, code, check, account: '', words, cure };
}

export function fine(check: Area, words: string): Finding {
  return { level: 'ok', code: 'ok', check, account: '', words, cure: '' };
}

export function off(check: Area, words: string): Finding {
  return { level: 'off', code: 'off', check, account: '', words, cure: '' };
}

/** Of one account among several. */
export function about({ account }: Patient, finding: Finding): Finding {
  return { ...finding, account: account.name };
}

/** Every check has its own deadlines; this is for a server that keeps talking without getting anywhere. */
const DEADLINE_MS = 40_000;

/** What the check found, or that it found nothing in time. The work itself may go on until its own deadlines. */
export async function inTime(
  check: Area,
  work: Promise<readonly Finding[]>,
  deadlineMs: number = DEADLINE_MS,
): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    const words = `no answer within ${deadlineMs / 1000} s`;
    timer = setTimeout(() => resolve([{ ...found('no-answer', words), check }]), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Words of servers are others' texts: they must not steer the terminal. */
export function shown(one: Finding): Finding {
  return { ...one, words: visibleText(one.words).text, cure: visibleText(one.cure).text };
}

const MARKS: Readonly<Record<Finding['level'], string>> = {
  ok: 'ok   ',
  off: 'off  ',
  warning: 'WARN ',
  fault: 'FAULT',
};

const LOOKS: Readonly<Record<Finding['level'], keyof Paint>> = {
  ok: 'good',
  off: 'dim',
  warning: 'warn',
  fault: 'bad',
};

/** For people. */
export function lines(finding: Finding): string[] {
  return paintedLines(finding, PLAIN);
}

export function paintedLines({ level, check, account, words, cure }: Finding, paint: Paint): string[] {
  const mark = paint[LOOKS[level]](MARKS[level]);
  const line = `${mark}  ${account === '' ? '' : `${account}, `}${check}: ${words}`;
  return cure === '' ? [line] : [line, `       -> ${cure}`];
}
