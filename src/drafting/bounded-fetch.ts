/** More than this is no draft; read whole, it would be the model server's way to fill our memory. */
const MAX_ANSWER_BYTES = 1_048_576;

/**
 * `fetch` for model endpoints: the answer is bounded, and a redirect is a fault, since following it would
 * carry the key to another host.
 */
export const boundedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, { ...init, redirect: 'error' });
  if (response.body === null) return response;
  let room = MAX_ANSWER_BYTES;
  const bounded = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        room -= chunk.byteLength;
        if (room < 0) controller.error(new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`));
        else controller.enqueue(chunk);
      },
    }),
  );
  return new Response(bounded, { status: response.status, headers: plainHeaders(response.headers) });
};

/** The body is decoded already; saying otherwise would have it decoded twice. */
function plainHeaders(from: Headers): Headers {
  const headers = new Headers(from);
  headers.delete('content-encoding');
  headers.delete('content-length');
  return headers;
}
