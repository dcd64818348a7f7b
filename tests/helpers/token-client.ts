/** A process that asks for a token once and says what it got; for tests/integration/oauth-renewal.test.ts. */
import type { OAuthSettings } from '../../src/core/oauth-settings.ts';
import { openTokens } from '../../src/mail/oauth/open-tokens.ts';
import { OAuthFault } from '../../src/mail/oauth/token-source.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { crashAt } from '../../src/runtime/daemon.ts';

/** On its output. */
export interface TokenAnswer {
  readonly token?: string;
  readonly code?: string;
  readonly words?: string;
}

const say = (answer: TokenAnswer): boolean => process.stdout.write(JSON.stringify(answer));
const [stateDir = '', settings = '{}'] = process.argv.slice(2);
const tokens = openTokens(() => JSON.parse(settings) as OAuthSettings, stateDir, systemClock, {
  at: crashAt(),
});
process.stderr.write('asking');
try {
  say({ token: await tokens('default').token() });
} catch (error) {
  if (!(error instanceof OAuthFault)) throw error;
  say({ code: error.code, words: error.message });
}
