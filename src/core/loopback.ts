/** Does this host name or address mean this very machine? The one place where plain text may be spoken to a server. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
