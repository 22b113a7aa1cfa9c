// The reader's past queries and draft, kept in this browser only.

import { signal } from '@preact/signals';

export interface Past { text: string; at: number; ms: number | null; rows: number | null; ok: boolean; live: boolean }

const KEY = 'millrace.history';
const DRAFT = 'millrace.draft';
const MAX = 200;

function read(): Past[] {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? '[]') as Past[];
    return Array.isArray(list) ? list.filter((p) => typeof p?.text === 'string').slice(0, MAX) : [];
  } catch {
    return []; // storage is off or was written by something else: start empty
  }
}

export const past = signal<Past[]>(read());

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // full or forbidden: history then lasts as long as the page
  }
}

// What holds a password, or the address of a webhook, is remembered nowhere; browsers' storage is read by whoever sits down next.
const holdsSecret = (text: string): boolean => /\b(password|notify)\b/i.test(text);

export function remember(entry: Past): void {
  if (holdsSecret(entry.text)) return;
  past.value = [entry, ...past.value.filter((p) => p.text !== entry.text)].slice(0, MAX);
  write(KEY, JSON.stringify(past.value));
}

export function forgetAll(): void {
  past.value = [];
  write(KEY, '[]');
}

export function loadDraft(): string {
  try {
    return localStorage.getItem(DRAFT) ?? '';
  } catch {
    return '';
  }
}

export const saveDraft = (text: string): void => write(DRAFT, holdsSecret(text) ? '' : text);
