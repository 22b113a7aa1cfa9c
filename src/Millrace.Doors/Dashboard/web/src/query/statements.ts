// Finds where SQL statements begin and end, past strings, quoted names, dollar quotes and comments.

export interface Statement { from: number; to: number; text: string }

export function statements(sql: string): Statement[] {
  const out: Statement[] = [];
  let from = 0;
  let i = 0;
  const close = (to: number): void => {
    const raw = sql.slice(from, to);
    const lead = raw.length - raw.trimStart().length;
    const text = raw.trim();
    if (text) out.push({ from: from + lead, to: from + lead + text.length, text });
  };
  while (i < sql.length) {
    const c = sql[i]!;
    if (c === ';') {
      close(i);
      from = ++i;
    } else if (c === "'" || c === '"') {
      i++;
      while (i < sql.length && sql[i] !== c) i++;
      i++;
    } else if (c === '-' && sql[i + 1] === '-') {
      while (i < sql.length && sql[i] !== '\n') i++;
    } else if (c === '/' && sql[i + 1] === '*') {
      const end = sql.indexOf('*/', i + 2);
      i = end < 0 ? sql.length : end + 2;
    } else if (c === '$') {
      const tag = /^\$\w*\$/.exec(sql.slice(i, i + 64))?.[0];
      const end = tag ? sql.indexOf(tag, i + tag.length) : -1;
      i = tag ? (end < 0 ? sql.length : end + tag.length) : i + 1;
    } else {
      i++;
    }
  }
  close(sql.length);
  return out;
}

/** The statement at the cursor, or the one before it. */
export function statementAt(sql: string, cursor: number): Statement | null {
  let best: Statement | null = null;
  for (const s of statements(sql)) {
    if (s.from <= cursor || !best) best = s;
    if (s.to >= cursor) break;
  }
  return best;
}

/** What SUBSCRIBE asks for, as the query the server follows, and how far its text moved; null for any other statement. */
export function subscribed(text: string): { query: string; shift: number } | null {
  const m = /^SUBSCRIBE\s+(?:TO\s+)?/i.exec(text);
  if (!m) return null;
  const rest = text.slice(m[0].length);
  const wrap = /^(?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))*$/.test(rest) ? 'SELECT * FROM ' : '';
  return { query: wrap + rest, shift: m[0].length - wrap.length };
}
