/** An answer of XML-RPC as its values: `{ result }` or `{ fault }`. Only for what the servers of these tests write. */
export function readXmlAnswer(text: string): { result: unknown } | { fault: unknown } {
  const tokens = [...text.replace(/<\?xml[^>]*\?>/, '').matchAll(/<(\/?)([\w:]+)(\/?)>|([^<]+)/g)].map(
    ([whole, end, name, empty]) => ({
      tag: name === undefined ? null : `${end ?? ''}${name}${empty ?? ''}`,
      whole,
    }),
  );
  let at = 0;
  const blank = (): void => {
    while (tokens[at]?.tag === null && tokens[at]?.whole.trim() === '') at += 1;
  };
  const take = (tag: string): boolean => {
    blank();
    if (tokens[at]?.tag !== tag) return false;
    at += 1;
    return true;
  };
  const need = (tag: string): void => {
    if (!take(tag)) throw new Error(`no <${tag}> but ${tokens[at]?.whole ?? 'the end'}`);
  };
  const characters = (): string => (tokens[at]?.tag === null ? unescaped(tokens[at++]?.whole ?? '') : '');
  const value = (): unknown => {
    need('value');
    const read = inside();
    need('/value');
    return read;
  };
  const inside = (): unknown => {
    if (take('nil/')) return null;
    if (take('array')) {
      const items: unknown[] = [];
      need('data');
      while (!take('/data')) items.push(value());
      need('/array');
      return items;
    }
    if (take('struct')) {
      const members: [string, unknown][] = [];
      while (take('member')) {
        need('name');
        const name = characters();
        need('/name');
        members.push([name, value()]);
        need('/member');
      }
      need('/struct');
      return Object.fromEntries(members);
    }
    for (const type of ['string', 'int', 'double', 'boolean'] as const) {
      if (!take(type)) continue;
      const text = characters();
      need(`/${type}`);
      return type === 'string' ? text : type === 'boolean' ? text === '1' : Number(text);
    }
    throw new Error(`unknown value ${tokens[at]?.whole ?? ''}`);
  };
  need('methodResponse');
  if (take('fault')) return { fault: value() };
  need('params');
  need('param');
  return { result: value() };
}

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
