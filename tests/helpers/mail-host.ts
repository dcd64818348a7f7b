import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import type { Dovecot } from './dovecot.ts';
import type { OAuthServer } from './oauth-server.ts';
import type { TestSmtp } from './smtp.ts';
import { testDir } from './testdir.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface MailHostParts {
  readonly dovecot: Pick<Dovecot, 'host' | 'imapPort' | 'password'>;
  readonly user: string;
  /** Log in by OAuth; else with Dovecot's password. */
  readonly oauth?: OAuthServer;
  /** Without it the machine has no key for sending. */
  readonly smtp?: TestSmtp;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningCli {
  readonly output: () => string;
  /** Resolves when the output holds it. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  readonly done: Promise<{ exit: number | undefined; out: string; err: string }>;
}

/** A machine with mail configured, on which `handover` is typed. */
export interface MailHost {
  readonly stateDir: string;
  readonly start: (...args: string[]) => RunningCli;
  readonly run: (...args: string[]) => Promise<{ exit: number | undefined; out: string; err: string }>;
}

export async function mailHost({ dovecot, user, oauth, smtp, env = {} }: MailHostParts): Promise<MailHost> {
  const dir = await testDir();
  const stateDir = join(dir, 'state');
  const keys = {
    VAULT_DIR: join(dir, 'vault'),
    STATE_DIR: stateDir,
    MAIL_FROM: user,
    IMAP_HOST: dovecot.host,
    IMAP_PORT: String(dovecot.imapPort),
    IMAP_SECURE: 'false',
    IMAP_USER: user,
    ...(oauth
      ? {
          IMAP_AUTH: 'oauth',
          IMAP_OAUTH_PROVIDER: 'custom',
          IMAP_OAUTH_CLIENT_ID: oauth.settings.clientId,
          IMAP_OAUTH_CLIENT_SECRET: oauth.settings.clientSecret,
          IMAP_OAUTH_AUTHORIZE_URL: oauth.settings.authorizeUrl,
          IMAP_OAUTH_TOKEN_URL: oauth.settings.tokenUrl,
          IMAP_OAUTH_DEVICE_URL: oauth.settings.deviceUrl,
          IMAP_OAUTH_SCOPES: oauth.settings.scopes.join(','),
        }
      : { IMAP_PASSWORD: dovecot.password }),
    ...(smtp
      ? {
          SMTP_HOST: smtp.host,
          SMTP_PORT: String(smtp.port),
          SMTP_SECURE: 'false',
          ...(oauth ? { SMTP_AUTH: 'oauth' } : { SMTP_USER: user, SMTP_PASSWORD: dovecot.password }),
        }
      : {}),
    ...env,
  };
  const start = (...args: string[]): RunningCli => {
    const main = join(ROOT, 'src/cli/handover.ts');
    const child = execa(
      process.execPath,
      ['--import', join(ROOT, 'node_modules/tsx/dist/esm/index.mjs'), main, ...args],
      {
        cwd: dir,
        env: keys,
        reject: false,
      },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
    child.stderr.on('data', (chunk: Buffer) => (output += String(chunk)));
    onTestFinished(() => void child.kill('SIGKILL'));
    let ended = false;
    const done = child.then(({ exitCode, stdout, stderr }) => {
      ended = true;
      return { exit: exitCode, out: stdout, err: stderr };
    });
    const said = (pattern: RegExp): Promise<RegExpExecArray> =>
      until(`the output holds ${String(pattern)}`, () => {
        const match = pattern.exec(output);
        if (match === null && ended) throw new Error(`it ended: ${output}`);
        return match;
      });
    return { output: () => output, said, done };
  };
  return { stateDir, start, run: (...args) => start(...args).done };
}
