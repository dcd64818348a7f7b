import type { Account } from '../runtime/accounts.ts';
import { checkAccess } from './doctor-access.ts';
import {
  type Check,
  type EdgeOptions,
  type Finding,
  inTime,
  type Patient,
  shown,
  type SmtpWish,
} from './doctor-check.ts';
import { orConfigFindings } from './doctor-config.ts';
import { checkMailbox } from './doctor-mailbox.ts';
import { checkSending } from './doctor-sending.ts';
import { chosen, type Mail, openMail } from './open-mail.ts';

export interface MailOptions extends EdgeOptions {
  /** This one alone. */
  readonly account?: string | undefined;
  readonly asCloud?: boolean | undefined;
  readonly smtpWish?: SmtpWish | null | undefined;
}

type MailArea = 'access' | 'mailbox' | 'sending';
const ALL: readonly MailArea[] = ['access', 'mailbox', 'sending'];

/** What cannot work for the reason that was just told is left out. */
export async function examine(
  mail: Mail,
  account: Account,
  smtpWish: Patient['smtpWish'] = null,
  areas: readonly MailArea[] = ALL,
): Promise<readonly Finding[]> {
  const { imap } = account;
  if (imap === null) return [];
  const { role, ca } = mail;
  const patient: Patient = {
    ...{ account, imap, role, ca, smtpWish },
    authOf: (login) => mail.authOf(account.name, login),
  };
  const look = (area: MailArea, check: Check): Promise<readonly Finding[]> => {
    if (!areas.includes(area)) return Promise.resolve([]);
    const work = check(patient).then((finding) => [finding]);
    return inTime(area, work).then((all) => all.map((one) => ({ ...one, account: account.name })));
  };
  const access = await inTime(
    'access',
    checkAccess(patient).then((one) => [one]),
  );
  if (access.some(({ level }) => level === 'fault')) return access;
  const usesOAuth = [imap.login, account.smtp?.login].some((login) => login?.type === 'oauth2');
  const tried = await Promise.all([look('mailbox', checkMailbox), look('sending', checkSending)]);
  return [...(usesOAuth && areas.includes('access') ? access : []), ...tried.flat()];
}

/** Every account, or the one that is asked for. @throws VerbFault when there is none of that name */
export async function examineMail(
  { env, account, asCloud = false, smtpWish = null }: MailOptions,
  areas: readonly MailArea[] = ALL,
): Promise<readonly Finding[]> {
  const mail = await openMail(asCloud, env);
  const each = chosen(mail, account).map((one) => examine(mail, one, smtpWish, areas));
  return (await Promise.all(each)).flat();
}

/** Does the mailbox open, read-only? */
export async function checkImap(options: EdgeOptions): Promise<readonly Finding[]> {
  const all = await orConfigFindings(() => examineMail({ ...options, asCloud: true }, ['access', 'mailbox']));
  return all.map(shown);
}

/** Does the submission server take the login? Nothing is sent. */
export async function checkSmtp(options: MailOptions): Promise<readonly Finding[]> {
  const all = await orConfigFindings(() => examineMail(options, ['access', 'sending']));
  return all.map(shown);
}
