/** An answer of an authorisation server is a few hundred bytes. */
const MAX_ANSWER_BYTES = 65_536;
const DEADLINE_MS = 20_000;

/**
 * `fetch` for authorisation servers: bounded in bytes and time, no redirect is followed (it would carry a refresh
 * token to another host). Two things are taken out of the answer: the ID token, since who the user is is not our
 * business and an unknown issuer's could not be checked; and WWW-Authenticate, which would keep the library from
 * reading the error in the body.
 */
export async function boundedFetch(
  url: string,
  init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: unknown },
): Promise<Response> {
  const response = await fetch(url, {
    method: init.method,
    headers: init.headers,
    body: init.body instanceof URLSearchParams ? init.body : null,
    redirect: 'manual',
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const type = response.headers.get('content-type') ?? '';
  const text = await boundedText(response);
  return new Response(withoutIdToken(text), {
    // A redirect, or anything else that a Response cannot be made with, is no answer of this protocol.
    status:
      response.status >= 200 && response.status < 600 && response.status !== 204 ? response.status : 502,
    headers: { 'content-type': type },
  });
}

async function boundedText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function withoutIdToken(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || !('id_token' in body)) return text;
    return JSON.stringify({ ...body, id_token: undefined });
  } catch {
    return text;
  }
}
