import { join } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_ACCOUNT } from '../core/mail-account.ts';
import type { OAuthSettings } from '../core/oauth-settings.ts';
import { keepLogin } from '../mail/oauth/keep-login.ts';
import { providerOf, scopesFor, type Wish } from '../mail/oauth/providers.ts';
import { TokenEndpoint } from '../mail/oauth/token-endpoint.ts';
import { OAuthFault } from '../mail/oauth/token-source.ts';
import type { Account } from '../runtime/accounts.ts';
import { systemClock } from '../runtime/clock.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { examine, lines, shown } from './doctor.ts';
import { byBrowser, byDevice, byPaste, type LoginWork } from './login-flows.ts';
import { chosen, type Mail, openMail } from './open-mail.ts';
import { type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/** `handover login`: access to a mailbox without its password, at Google, Microsoft, or a server of your own. */
export function loginVerb(context: VerbContext): Command {
  const summary = 'log in to a mailbox at Google, Microsoft or your own server, without a password in a file';
  return verb(context, { name: 'login', summary }, (_args, options) => login(context, options))
    .option('--account <name>', 'which one, where there are several')
    .option('--device', 'by a code that you enter on another device; no browser is needed here (not Google)')
    .option('--paste', 'with a browser on another machine: you paste the address it ends at')
    .option('--port <number>', 'the port of this machine that the browser comes back to; any by default');
}

/** Said where a login did not come about; the reason follows. */
const NOTHING_KEPT = 'not logged in; an earlier login stays as it was';

async function login(context: VerbContext, options: Readonly<Record<string, unknown>>): Promise<Outcome> {
  const mail = await openMail(false);
  const account = oneAccount(mail, options['account']);
  const { settings, user, wish } = oauthOf(account);
  try {
    const provider = providerOf(settings);
    const scopes = scopesFor(settings, wish);
    const work: LoginWork = {
      ...{ context, provider, settings, scopes, user },
      endpoint: new TokenEndpoint(provider, settings),
      port: portOf(options['port']),
    };
    context.say(
      `Account ${account.name}: ${user}, with ${provider.name}. Handover asks for access to ${wishWords(wish)}.`,
    );
    const flow = options['device'] === true ? byDevice : options['paste'] === true ? byPaste : byBrowser;
    const grant = await flow(work);
    const { stateDir } = mail;
    await keepLogin(
      { stateDir, account: account.name, provider, settings, scopes, clock: systemClock },
      grant,
    );
  } catch (error) {
    if (!(error instanceof OAuthFault)) throw error;
    const exit = error.code === 'misconfigured' ? EXIT.config : EXIT.failure;
    throw new VerbFault(error.code, `${NOTHING_KEPT}: ${error.message}`, exit);
  }
  context.say('Logged in. Trying it:');
  return outcome(mail, account);
}

async function outcome(mail: Mail, account: Account): Promise<Outcome> {
  const findings = (await examine(mail, account)).map(shown);
  const file = join(mail.stateDir, 'tokens', `${account.name}.json`);
  const works = findings.every(({ level }) => level !== 'fault');
  return {
    exit: works ? EXIT.ok : EXIT.failure,
    json: { ok: works, account: account.name, file, findings },
    text: [
      ...findings.flatMap(lines),
      `The access is kept in ${file}, which only you can read, and renewed by itself.`,
      works
        ? 'Processes that run take it up within minutes; nothing has to be restarted.'
        : 'See the arrow above.',
    ].join('\n'),
  };
}

function oneAccount(mail: Mail, named: unknown): Account {
  const name = typeof named === 'string' ? named : undefined;
  const [first, ...rest] = chosen(mail, name);
  if (first !== undefined && (rest.length === 0 || first.name === DEFAULT_ACCOUNT)) return first;
  const names = mail.accounts.map((account) => account.name).join(', ');
  throw new VerbFault('which-account', `say which account: --account with one of ${names}`, EXIT.usage);
}

interface OAuthAccount {
  readonly settings: OAuthSettings;
  readonly user: string;
  readonly wish: Wish;
}

/** What is asked for is what this machine does: sending only where a server for it is configured. */
function oauthOf({ name, imap, smtp }: Account): OAuthAccount {
  const reads = imap?.login.type === 'oauth2' ? imap.login : null;
  const sends = smtp?.login?.type === 'oauth2' ? smtp.login : null;
  const login = reads ?? sends;
  if (login === null) {
    const where = name === DEFAULT_ACCOUNT ? 'IMAP_AUTH=oauth' : `auth = "oauth" for accounts.${name}`;
    throw new VerbFault(
      'no-oauth',
      `account ${name} is logged in to with a password, so there is nothing to do. For OAuth set ${where} first: see docs/providers.md`,
      EXIT.config,
    );
  }
  return { settings: login.oauth, user: login.user, wish: { imap: reads !== null, smtp: sends !== null } };
}

function wishWords({ imap, smtp }: Wish): string {
  if (imap && smtp) return 'read the mailbox and to send from it';
  return imap ? 'read the mailbox' : 'send from the mailbox';
}

function portOf(value: unknown): number {
  if (value === undefined) return 0;
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (port >= 1024 && port <= 65_535) return port;
  throw new VerbFault('usage', '--port takes a number from 1024 to 65535', EXIT.usage);
}
