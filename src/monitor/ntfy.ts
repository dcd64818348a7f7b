import { z } from 'zod';
import type { ShortNotice } from '../core/notices.ts';

/** Longer than a phone's network needs, shorter than anybody waits. */
const TIMEOUT_MS = 15_000;

export class NtfyFault extends Error {}

const stopped = z.object({ name: z.enum(['TimeoutError', 'AbortError']) });

/**
 * One message to a topic (docs.ntfy.sh/publish: POST, headers Title, Priority, Tags; `Authorization: Bearer` for a
 * token). Redirects are refused: they could carry the token elsewhere. Nothing of the answer but its status is read.
 * @throws NtfyFault with words for the user, and never with the address, which is as good as a password
 */
export async function publishToNtfy(
  to: { readonly url: string; readonly token: string },
  { title, text, urgent }: ShortNotice,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const response = await fetch(to.url, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      Title: title,
      Priority: urgent ? 'high' : 'default',
      Tags: urgent ? 'warning' : 'envelope',
      ...(to.token === '' ? {} : { Authorization: `Bearer ${to.token}` }),
    },
    body: text,
  }).catch((error: unknown) => {
    throw new NtfyFault(
      stopped.safeParse(error).success ? 'it did not answer in time' : 'it cannot be reached',
    );
  });
  await response.body?.cancel();
  if (response.ok) return;
  throw new NtfyFault(refusal(response.status));
}

function refusal(status: number): string {
  if (status >= 300 && status < 400) return 'it sends us elsewhere: put the address it names into NTFY_URL';
  if (status === 401 || status === 403) return `it refuses the token (${status}): look at NTFY_TOKEN`;
  if (status === 429) return 'it had too many messages from us (429)';
  return `it answered ${status}`;
}
