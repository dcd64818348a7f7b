import PostalMime from 'postal-mime';
import { htmlText } from './html-text.ts';
import type { MessageLimits } from './message-limits.ts';

interface TextItem {
  readonly type: string;
  readonly value: unknown;
}
interface TextEntry {
  plain?: TextItem[];
  html?: TextItem[];
}
/** Fields of postal-mime 4.0.0 that its types leave out; a unit test fails when they are gone. */
interface Internals {
  readonly textMap: Map<unknown, TextEntry>;
  textTypes: Set<string>;
  readonly textContent: Record<string, string>;
}

/**
 * postal-mime with its conversion between HTML and text replaced: that one is quadratic on hostile HTML
 * (measured: 12 MB of `<a href="x` beside a text part take minutes). Every text part is bounded here, and
 * mails inside mails stay attachments, since a nested parser would not be this class.
 */
export class BoundedParser extends PostalMime {
  /** True when HTML was cut before its conversion. */
  htmlCut = false;
  readonly #limits: MessageLimits;

  constructor(limits: MessageLimits) {
    super({
      maxNestingDepth: limits.nestingDepth,
      maxHeadersSize: limits.allHeaderBytes,
      maxRfc822NestingDepth: 0,
      attachmentEncoding: 'arraybuffer',
    });
    this.#limits = limits;
  }

  /** Called by postal-mime once the tree stands; fills `text`, never `html`. */
  renderTextContent(): void {
    const { textMap, textContent } = this as unknown as Internals;
    let htmlRoom = this.#limits.htmlChars;
    const texts: string[] = [];
    for (const entry of textMap.values()) {
      const plain = strings(entry.plain).join('\n');
      if (plain.trim() !== '' || !entry.html) {
        texts.push(plain);
        continue;
      }
      for (const html of strings(entry.html)) {
        const converted = htmlText(html, htmlRoom);
        htmlRoom = Math.max(0, htmlRoom - html.length);
        this.htmlCut ||= converted.cut;
        texts.push(converted.text);
      }
    }
    textContent['plain'] = texts.join('\n');
  }
}

function strings(items: readonly TextItem[] | undefined): string[] {
  return (items ?? []).flatMap((item) => (typeof item.value === 'string' ? [item.value] : []));
}
