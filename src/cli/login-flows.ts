/** The three ways of saying yes to a provider, as the terminal tells them. */
import type { OAuthSettings } from '../core/oauth-settings.ts';
import { visibleText } from '../core/neutralise.ts';
import { beginBrowserLogin, openLoopback } from '../mail/oauth/browser-login.ts';
import { deviceLogin } from '../mail/oauth/device-login.ts';
import type { Provider } from '../mail/oauth/providers.ts';
import type { Grant, TokenEndpoint } from '../mail/oauth/token-endpoint.ts';
import { OAuthFault } from '../mail/oauth/token-source.ts';
import { systemClock } from '../runtime/clock.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { type VerbContext, VerbFault } from './verb.ts';

export interface LoginWork {
  readonly context: VerbContext;
  readonly endpoint: TokenEndpoint;
  readonly provider: Provider;
  readonly settings: OAuthSettings;
  readonly scopes: readonly string[];
  /** The mailbox. */
  readonly user: string;
  /** 0: any. */
  readonly port: number;
}

const BROWSER_MS = 10 * 60_000;

/** @throws OAuthFault */
export async function byBrowser(work: LoginWork): Promise<Grant> {
  const loopback = await openLoopback(work.port, BROWSER_MS);
  try {
    const login = await beginBrowserLogin({ ...work, port: loopback.port });
    work.context.say(
      [
        `Open this address in a browser on this machine, and log in as ${work.user}:`,
        '',
        `  ${login.url}`,
        '',
        'Waiting until the browser comes back, ten minutes at most. Ctrl+C stops; nothing is kept then.',
        `No browser here? On the machine that has one: ssh -L ${loopback.port}:127.0.0.1:${loopback.port} <this machine>, then open the address there. Or: handover login --paste`,
      ].join('\n'),
    );
    return await loopback.answer(
      (answer) => login.isOurs(answer),
      (answer) => login.finish(answer),
    );
  } finally {
    loopback.close();
  }
}

/** Where nobody listens: the browser ends at an error page, and its address holds the answer. @throws OAuthFault, VerbFault */
export async function byPaste(work: LoginWork): Promise<Grant> {
  const { ask, say } = work.context;
  if (ask === undefined)
    throw new VerbFault('no-terminal', '--paste needs a terminal to type into', EXIT.usage);
  const login = await beginBrowserLogin({ ...work, port: work.port === 0 ? PASTE_PORT : work.port });
  say(
    [
      `Open this address in any browser, and log in as ${work.user}:`,
      '',
      `  ${login.url}`,
      '',
      `The browser ends at an address that begins with ${login.redirectUri} and says that it cannot be reached. That is as it should be.`,
    ].join('\n'),
  );
  const pasted = (await ask('Paste that whole address here: ')).trim();
  const answer = URL.canParse(pasted) ? new URL(pasted).searchParams : null;
  if (answer === null || !login.isOurs(answer)) {
    throw new OAuthFault(
      'unreachable',
      'that is not the address of this login; start again and paste the whole line',
    );
  }
  return login.finish(answer);
}

/** Nobody listens there: any that is no other program's. */
const PASTE_PORT = 8765;

/** @throws OAuthFault, VerbFault */
export function byDevice({ context, endpoint, provider, scopes, user }: LoginWork): Promise<Grant> {
  if (provider.deviceUrl === '') throw new VerbFault('no-device', provider.noDevice, EXIT.usage);
  return deviceLogin({
    endpoint,
    scopes,
    clock: systemClock,
    show: ({ url, code, minutes }) => {
      // The provider's words: they must not steer the terminal.
      const shown = (text: string): string => visibleText(text.slice(0, 200)).text;
      context.say(
        [
          `On any device open ${shown(url)}, enter the code ${shown(code)}, and log in as ${user}.`,
          `Waiting, ${minutes} minutes at most. Ctrl+C stops; nothing is kept then.`,
        ].join('\n'),
      );
    },
  });
}
