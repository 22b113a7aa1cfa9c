// Who the reader is: a token kept for this tab, sent with every call, and asked for when the server wants one.

import { signal } from '@preact/signals';

const KEY = 'millrace.token';

function read(): string {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

export const token = signal(read());
/** Why a token is asked for; null while none is. */
export const asking = signal<string | null>(null);
/** True once the reader has closed the question: the page then asks only when told to. */
export const declined = signal(false);

let answer: { promise: Promise<boolean>; settle: (given: boolean) => void } | null = null;

function ask(reason: string): Promise<boolean> {
  if (!answer) {
    let settle!: (given: boolean) => void;
    const promise = new Promise<boolean>((resolve) => { settle = resolve; });
    answer = { promise, settle };
    asking.value = reason;
  }
  return answer.promise;
}

/** Opens the question by the reader's own wish. */
export function signIn(): void {
  declined.value = false;
  void ask('');
}

/** Ends the question; an empty text is no answer. */
export function answered(text: string): void {
  const given = text.trim();
  if (given) {
    token.value = given;
    try {
      sessionStorage.setItem(KEY, given);
    } catch {
      // storage is off: the token then lasts as long as the page
    }
  }
  declined.value = !given;
  asking.value = null;
  answer?.settle(given !== '');
  answer = null;
}

export function signOut(): void {
  token.value = '';
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // storage is off: there is nothing to take out of it
  }
}

/** fetch with the reader's token; a 401 asks for one and tries again with it. */
export async function authorized(path: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const sent = token.value;
    const headers = new Headers(init.headers);
    if (sent) headers.set('Authorization', 'Bearer ' + sent);
    const response = await fetch(path, { ...init, headers });
    if (response.status !== 401) return response;
    if (sent !== token.value) continue; // another call has been given a newer one meanwhile
    if (declined.value || !(await unlessAborted(ask(sent ? 'The server does not accept this token.' : 'This server wants a token.'), init.signal))) return response;
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) { stop(); return; }
    signal.addEventListener('abort', stop, { once: true });
    promise.then((v) => { signal.removeEventListener('abort', stop); resolve(v); }, reject);
  });
}
