// What the server has to be asked for again and again, as long as the page shows it and is looked at.

import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../model/contract';
import { asProblem } from './api';

export interface Polled<T> { value: T | null; problem: Problem | null }

/** Asks every so often, less often where the answer is dear; what was there stays while a later attempt fails. `key` says what is asked: another one begins anew. */
export function usePolled<T>(key: string, everyMs: number, ask: (signal: AbortSignal) => Promise<T>): Polled<T> {
  const [state, setState] = useState<Polled<T> & { key: string }>({ key, value: null, problem: null });
  useEffect(() => {
    const cut = new AbortController();
    let timer = 0;
    const once = async (): Promise<void> => {
      const began = performance.now();
      if (!document.hidden) {
        try {
          const value = await ask(cut.signal);
          if (!cut.signal.aborted) setState({ key, value, problem: null });
        } catch (error) {
          if (cut.signal.aborted) return;
          setState((old) => ({ key, value: old.key === key ? old.value : null, problem: asProblem(error) }));
        }
      }
      if (!cut.signal.aborted) timer = window.setTimeout(() => void once(), Math.max(everyMs, (performance.now() - began) * 10));
    };
    void once();
    return () => { cut.abort(); clearTimeout(timer); };
  }, [key]);
  return state.key === key ? state : { value: null, problem: null };
}
