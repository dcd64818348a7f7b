/** The mailboxes of the user: those of the accounts file, or the one of the environment under the name `default`. */
import { addressKey, parseAddressList } from '../core/address-list.ts';
import { DEFAULT_ACCOUNT, type MailAccount } from '../core/mail-account.ts';
import { type OAuthSettings, oauthSettings } from '../core/oauth-settings.ts';
import type { FileAccount } from './accounts-file.ts';
import type { ImapServer, Login, SmtpServer } from './mail-servers.ts';
import { senderOf } from './setting-shapes.ts';

/** An account with what this process may know of its servers. */
export interface Account extends MailAccount {
  /** What its task ids are made of: for the default account the user name, as it was before there were several. */
  readonly ids: string;
  /** Other names in notes of before. */
  readonly formerNames: readonly string[];
  /** What to mend when the mailbox refuses the login, for the user. */
  readonly cure: string;
  /** Null in a process that does not read mail, or send. */
  readonly imap: ImapServer | null;
  readonly smtp: SmtpServer | null;
}

type OAuthKeys = Parameters<typeof oauthSettings>[0];

/** What `loadConfig` gives to a process that asked for accounts; the keys it did not ask for are absent. */
export interface AccountSettings extends Partial<OAuthKeys> {
  /** Null: the one account of the environment. */
  readonly fileAccounts?: readonly FileAccount[] | null;
  readonly MAIL_FROM: string;
  readonly MAIL_ALIASES?: readonly string[];
  readonly REPLY_ALL?: boolean;
  readonly MAX_SENDS_PER_HOUR?: number;
  readonly SENT_COPY?: SmtpServer['sentCopy'];
  readonly IMAP_HOST?: string;
  readonly IMAP_PORT?: number;
  readonly IMAP_SECURE?: ImapServer['secure'];
  readonly IMAP_USER?: string;
  readonly IMAP_PASSWORD?: string;
  readonly IMAP_AUTH?: 'password' | 'oauth';
  readonly IMAP_MAILBOX?: string;
  readonly IMAP_BACKFILL_DAYS?: number;
  readonly SMTP_HOST?: string;
  readonly SMTP_PORT?: number;
  readonly SMTP_SECURE?: SmtpServer['secure'];
  readonly SMTP_USER?: string;
  readonly SMTP_PASSWORD?: string;
  readonly SMTP_AUTH?: 'password' | 'oauth';
}

/** Never empty. The first one is the home account: `default`, else the first of the file. */
export function accountsOf(settings: AccountSettings): readonly [Account, ...Account[]] {
  const listed = settings.fileAccounts?.map((account) => ofFile(account, settings)) ?? [];
  const home = listed.find(({ name }) => name === DEFAULT_ACCOUNT) ?? listed[0] ?? ofEnvironment(settings);
  const rest = listed.filter((account) => account !== home);
  const all = [home, ...rest];
  const withAll = (account: Account): Account => {
    // The user at another address of theirs is still the user.
    const others = all.flatMap(({ addresses }) => addresses);
    const each = new Map([...account.addresses, ...others].map((address) => [addressKey(address), address]));
    return { ...account, addresses: [...each.values()] };
  };
  return [withAll(home), ...rest.map(withAll)];
}

function ofFile({ name, entry, imap, smtp }: FileAccount, settings: AccountSettings): Account {
  const user = entry.imap?.user;
  const former = name === DEFAULT_ACCOUNT && user !== undefined;
  return {
    ...identity(name, entry.from, entry.aliases),
    replyAll: entry.reply_all ?? settings.REPLY_ALL ?? true,
    maxSendsPerHour: entry.max_sends_per_hour ?? settings.MAX_SENDS_PER_HOUR ?? 0,
    ids: former ? user : name,
    formerNames: former ? [user] : [],
    cure:
      entry.imap?.password_env === undefined
        ? `accounts.${name}.imap`
        : `${entry.imap.password_env} and accounts.${name}.imap.user`,
    imap,
    smtp: smtp && { ...smtp, sentCopy: entry.smtp?.sent_copy ?? settings.SENT_COPY ?? 'auto' },
  };
}

function ofEnvironment(settings: AccountSettings): Account {
  const user = settings.IMAP_USER;
  return {
    ...identity(DEFAULT_ACCOUNT, settings.MAIL_FROM, settings.MAIL_ALIASES ?? []),
    replyAll: settings.REPLY_ALL ?? true,
    maxSendsPerHour: settings.MAX_SENDS_PER_HOUR ?? 0,
    ids: user ?? DEFAULT_ACCOUNT,
    formerNames: user === undefined ? [] : [user],
    cure: 'IMAP_USER and IMAP_PASSWORD',
    imap: imapOf(settings),
    smtp: smtpOf(settings),
  };
}

function identity(name: string, from: string, aliases: readonly string[]) {
  const sender = senderOf(from);
  const more = parseAddressList(aliases);
  const addresses = [sender.address, ...(more.ok ? more.addresses.map((a) => a.address) : [])];
  return { name, from: sender, addresses };
}

function imapOf(settings: AccountSettings): ImapServer | null {
  const { IMAP_HOST: host, IMAP_PASSWORD: password, IMAP_USER: user = '' } = settings;
  if (host === undefined || password === undefined) return null;
  return {
    host,
    port: settings.IMAP_PORT ?? 993,
    secure: settings.IMAP_SECURE ?? 'true',
    login:
      settings.IMAP_AUTH === 'oauth'
        ? { type: 'oauth2', user, oauth: ofKeys(settings) }
        : { type: 'password', user, password },
    mailbox: settings.IMAP_MAILBOX ?? 'INBOX',
    backfillDays: settings.IMAP_BACKFILL_DAYS ?? 0,
  };
}

function smtpOf(settings: AccountSettings): SmtpServer | null {
  const { SMTP_HOST: host, SMTP_PASSWORD: password, SMTP_USER: user = '' } = settings;
  if (host === undefined || password === undefined) return null;
  return {
    host,
    port: settings.SMTP_PORT ?? 465,
    secure: settings.SMTP_SECURE ?? 'true',
    login: smtpLogin(settings, user, password),
    sentCopy: settings.SENT_COPY ?? 'auto',
  };
}

function smtpLogin(settings: AccountSettings, user: string, password: string): Login | null {
  if (settings.SMTP_AUTH === 'oauth') {
    return { type: 'oauth2', user: user === '' ? (settings.IMAP_USER ?? '') : user, oauth: ofKeys(settings) };
  }
  return user === '' ? null : { type: 'password', user, password };
}

function ofKeys(settings: AccountSettings): OAuthSettings {
  return oauthSettings({
    IMAP_OAUTH_PROVIDER: settings.IMAP_OAUTH_PROVIDER ?? 'google',
    IMAP_OAUTH_CLIENT_ID: settings.IMAP_OAUTH_CLIENT_ID ?? '',
    IMAP_OAUTH_CLIENT_SECRET: settings.IMAP_OAUTH_CLIENT_SECRET ?? '',
    IMAP_OAUTH_TENANT: settings.IMAP_OAUTH_TENANT ?? 'common',
    IMAP_OAUTH_AUTHORIZE_URL: settings.IMAP_OAUTH_AUTHORIZE_URL ?? '',
    IMAP_OAUTH_TOKEN_URL: settings.IMAP_OAUTH_TOKEN_URL ?? '',
    IMAP_OAUTH_DEVICE_URL: settings.IMAP_OAUTH_DEVICE_URL ?? '',
    IMAP_OAUTH_SCOPES: settings.IMAP_OAUTH_SCOPES ?? [],
  });
}
