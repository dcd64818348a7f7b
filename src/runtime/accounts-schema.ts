/** What an accounts file may say of one mailbox; deployment/accounts.example.toml explains each line. */
import { z } from 'zod';
import { isLoopback } from '../core/loopback.ts';
import {
  ADDRESS_LIST_WORDS,
  isAddressList,
  isOAuthUrl,
  isOneAddress,
  OAUTH_URL_WORDS,
  ONE_ADDRESS_WORDS,
  PLAIN_TEXT_WORDS,
  TENANT,
  TENANT_WORDS,
} from './setting-shapes.ts';

const words = z.string({ error: 'must be text in quotes' }).max(1000, 'is too long');
const required = words.min(1, 'is missing');
const whole = (min: number, max: number) => {
  const error = `must be a whole number between ${min} and ${max}`;
  return z.int({ error }).min(min, error).max(max, error);
};
const secure = z
  .union([z.boolean(), z.enum(['true', 'starttls', 'false'])], {
    error: 'must be true, "starttls" or false',
  })
  .transform((value) => String(value) as 'true' | 'starttls' | 'false');
/** A variable that PM2 leaves out of what it copies: it goes by parts of the name. */
const secretName = (part: 'PASSWORD' | 'SECRET') =>
  words.regex(
    new RegExp(`^(?=[A-Z0-9_]*${part})[A-Z][A-Z0-9_]{0,63}$`),
    `must be the name of a variable, capitals with ${part} in it, and never the secret itself`,
  );
const auth = z.enum(['password', 'oauth'], { error: 'must be "password" or "oauth"' }).default('password');

interface Server {
  readonly host: string;
  readonly secure: 'true' | 'starttls' | 'false';
}
const encrypted = (server: Server) => server.secure !== 'false' || isLoopback(server.host);
const notPlain = { path: ['secure'], error: PLAIN_TEXT_WORDS };

const imap = z
  .strictObject({
    host: required,
    port: whole(1, 65_535).default(993),
    secure: secure.default('true'),
    user: required,
    auth,
    password_env: secretName('PASSWORD').optional(),
    mailbox: required.default('INBOX'),
    backfill_days: whole(0, 3650).default(0),
  })
  .refine(encrypted, notPlain)
  .refine((server) => server.auth === 'oauth' || server.password_env !== undefined, {
    path: ['password_env'],
    error: 'is missing',
  });

const smtp = z
  .strictObject({
    host: required,
    port: whole(1, 65_535).default(465),
    secure: secure.default('true'),
    /** Absent with a password: the server wants no login. */
    user: words.default(''),
    auth,
    password_env: secretName('PASSWORD').optional(),
    sent_copy: z
      .enum(['auto', 'append', 'provider', 'off'], {
        error: 'must be "auto", "append", "provider" or "off"',
      })
      .optional(),
  })
  .refine(encrypted, notPlain)
  .refine((server) => server.auth === 'oauth' || server.user === '' || server.password_env !== undefined, {
    path: ['password_env'],
    error: 'is missing',
  });

const url = words.refine(isOAuthUrl, OAUTH_URL_WORDS).default('');
const oauth = z
  .strictObject({
    provider: z.enum(['google', 'microsoft', 'custom'], {
      error: 'must be "google", "microsoft" or "custom"',
    }),
    client_id: required,
    client_secret_env: secretName('SECRET').optional(),
    tenant: words.regex(TENANT, TENANT_WORDS).default('common'),
    authorize_url: url,
    token_url: url,
    device_url: url,
    scopes: z.array(required, { error: 'must be a list of texts' }).max(20).default([]),
  })
  .refine((o) => o.provider !== 'custom' || o.token_url !== '', { path: ['token_url'], error: 'is missing' })
  .refine((o) => o.provider !== 'custom' || o.scopes.length > 0, { path: ['scopes'], error: 'is missing' });

export const accountSchema = z
  .strictObject({
    from: required.refine(isOneAddress, ONE_ADDRESS_WORDS),
    aliases: z
      .array(required, { error: 'must be a list of texts' })
      .max(100)
      .default([])
      .refine(isAddressList, ADDRESS_LIST_WORDS),
    reply_all: z.boolean({ error: 'must be true or false' }).optional(),
    max_sends_per_hour: whole(0, 10_000).optional(),
    imap: imap.optional(),
    smtp: smtp.optional(),
    oauth: oauth.optional(),
  })
  .refine((a) => (a.imap?.auth !== 'oauth' && a.smtp?.auth !== 'oauth') || a.oauth !== undefined, {
    path: ['oauth'],
    error: 'is missing: auth = "oauth"',
  });

export type AccountEntry = z.output<typeof accountSchema>;
