import type { Clock } from '../../runtime/clock.ts';
import type { Grant, TokenEndpoint } from './token-endpoint.ts';
import { OAuthFault, passesByItself } from './token-source.ts';

export interface DeviceLoginDeps {
  readonly endpoint: TokenEndpoint;
  readonly scopes: readonly string[];
  readonly clock: Clock;
  /** Where the user goes with any device, and what to type there. */
  readonly show: (prompt: { readonly url: string; readonly code: string; readonly minutes: number }) => void;
}

/** RFC 8628 section 3.5: each `slow_down` adds five seconds. */
const SLOWER_S = 5;
/** Of a code that would be good for longer. */
const MAX_WAIT_S = 1800;

/** The device flow (RFC 8628): no browser is needed on this machine. @throws OAuthFault */
export async function deviceLogin({ endpoint, scopes, clock, show }: DeviceLoginDeps): Promise<Grant> {
  const prompt = await endpoint.askDevice(scopes);
  const lastsS = Math.min(prompt.expiresIn, MAX_WAIT_S);
  show({ url: prompt.url, code: prompt.userCode, minutes: Math.round(lastsS / 60) });
  const end = clock.now() + lastsS * 1000;
  let intervalS = prompt.intervalS;
  while (clock.now() < end) {
    await clock.sleep(intervalS * 1000);
    try {
      const answer = await endpoint.pollDevice(prompt.deviceCode);
      if (answer.kind === 'granted') return answer.grant;
      if (answer.kind === 'slow-down') intervalS += SLOWER_S;
    } catch (error) {
      // A line that drops for a moment costs no second login.
      if (!(error instanceof OAuthFault) || !passesByItself(error)) throw error;
      intervalS += SLOWER_S;
    }
  }
  throw new OAuthFault('unreachable', 'nobody entered the code in time');
}
