// SQL to read, not to write: a definition with its words, strings and numbers told apart.

import type { JSX } from 'preact';
import { KEYWORDS } from '../model/words';

const TOKEN = /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^']|'')*')|(\b\d+(?:\.\d+)?\b)|(\b[A-Za-z_]\w*\b)|("[^"]*"|\s+|.)/g;
const WORDS = new Set((KEYWORDS + ' count sum avg min max').split(' '));

export function SqlText({ text }: { text: string }): JSX.Element {
  const out: (JSX.Element | string)[] = [];
  for (const m of text.matchAll(TOKEN)) {
    const [all, comment, string, number, word] = m;
    if (comment) out.push(<span class="tok-comment">{all}</span>);
    else if (string) out.push(<span class="tok-string">{all}</span>);
    else if (number) out.push(<span class="tok-number">{all}</span>);
    else if (word && WORDS.has(word.toLowerCase())) out.push(<span class="tok-keyword">{all}</span>);
    else out.push(all);
  }
  return <pre class="sql" tabIndex={0} aria-label="SQL definition"><code>{out}</code></pre>;
}
