// What every walk through the dashboard needs: a browser, checks that count, waits for conditions, and an ear for faults.
// Waits poll for a state of the page and never for a time: a slow machine makes a walk slow, not red.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const PATIENCE_MS = 60_000;

export function arguments_() {
  const args = process.argv.slice(2);
  const option = (name) => { const i = args.indexOf(name); return i < 0 ? null : args.splice(i, 2)[1]; };
  const shots = option('--shots');
  const query = option('--query');
  const only = option('--only');
  return { shots, query, only, program: args[0], base: (args[0] ?? 'http://127.0.0.1:8086').replace(/\/$/, '') };
}

/** Opens the browser, hands a walker to `walk`, says what held, and ends the process; `after` cleans up behind a walk. */
export async function walking({ base, shots, after }, walk) {
  const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => p && existsSync(p));
  if (!executablePath) {
    console.error('no Chromium found: apt-get install chromium, or set CHROMIUM to its path');
    await after?.();
    process.exit(2);
  }
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const walker = new Walker(browser, base, shots);
  try {
    await walk(walker);
  } catch (error) {
    walker.fault(error.message.split('\n').slice(0, 3).join(' '));
    await walker.shot('failed').catch(() => undefined);
  } finally {
    await browser.close();
    await after?.();
  }
  const { faults, passed } = walker;
  console.log(faults.length ? `FAILED: ${passed} checks passed, ${faults.length} fault${faults.length === 1 ? '' : 's'}` : `PASSED: ${passed} checks`);
  for (const f of faults) console.log('  ' + f);
  process.exit(faults.length ? 1 : 0);
}

class Walker {
  faults = [];
  passed = 0;
  page = null;
  /** What statements from beside the page are sent with; '' where nobody has to log in. */
  token = '';
  /** True while the server is meant not to answer, or not to let the page in. */
  away = false;
  #step = 'start';
  // Answers we mean to be refused: the browser logs each as an error.
  #refusals = [];

  constructor(browser, base, shots) {
    this.browser = browser;
    this.base = base;
    this.shots = shots;
  }

  /** A page that nothing escapes: errors, foreign requests and breaches of the policy are faults. */
  async open(options = {}) {
    await this.page?.context().close();
    const page = await (await this.browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })).newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP violation: ${e.violatedDirective} ${e.blockedURI}`));
    });
    page.on('console', (m) => {
      if (m.type() !== 'error') return;
      if (this.away && /net::ERR_|WebSocket connection to|status of [45]\d\d/.test(m.text())) return;
      const meant = this.#refusals.findIndex((r) => r.test(m.location().url));
      if (meant >= 0 && /status of [45]\d\d/.test(m.text())) { this.#refusals.splice(meant, 1); return; }
      this.fault(`console error: ${m.text()} (${m.location().url})`);
    });
    page.on('pageerror', (e) => this.fault(`page error: ${e.stack ?? e}`));
    page.on('request', (r) => { if (!/^(data|blob):/.test(r.url()) && new URL(r.url()).host !== new URL(this.base).host) this.fault(`foreign request: ${r.url()}`); });
    this.page = page;
    return page;
  }

  begin(name) {
    this.#step = name;
    console.log(name);
  }

  fault(text) {
    this.faults.push(`${this.#step}: ${text}`);
    console.log(`  FAULT ${text}`);
  }

  /** The next answer from such an address is meant to be an error. */
  refused(address) {
    this.#refusals.push(address);
  }

  check(holds, what, detail = '') {
    if (!holds) throw new Error(what + (detail ? ': ' + detail : ''));
    this.passed++;
    console.log(`  ok    ${what}${detail ? ': ' + detail : ''}`);
  }

  /** Asks until the answer is truthy, and returns it. */
  async until(what, ask, ms = PATIENCE_MS) {
    const end = Date.now() + ms;
    for (;;) {
      const answer = await ask();
      if (answer) return answer;
      if (Date.now() > end) throw new Error(`${what}: not within ${ms / 1000} s`);
      await new Promise((r) => setTimeout(r, 50));
    }
  }

  /** `until` as a check. */
  async sees(what, ask) {
    const answer = await this.until(what, ask);
    this.check(true, what, typeof answer === 'string' || typeof answer === 'number' ? String(answer).replace(/\s+/g, ' ').slice(0, 120) : '');
    return answer;
  }

  get(testId) {
    return this.page.getByTestId(testId);
  }

  async shot(name) {
    if (!this.shots) return;
    mkdirSync(this.shots, { recursive: true });
    await this.page.screenshot({ path: join(this.shots, name + '.png') });
  }

  /** Empties the editor and types into it, key by key, as a person would. */
  async type(text) {
    const editor = this.get('editor').locator('.cm-content');
    const body = async () => (await editor.innerText()).trim().replace(/\s+/g, ' ');
    await editor.click();
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Escape'); // closes what completion may have opened
    await this.until('the editor holds what was typed', async () => (await body()) === text.replace(/\s+/g, ' '));
  }

  /** Puts a text into the editor at once, as pasting does. */
  async paste(text) {
    const editor = this.get('editor').locator('.cm-content');
    await editor.click();
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.insertText(text);
  }

  gridText(testId = 'result-grid') {
    return this.get(testId).locator('.grid-row').allInnerTexts().then((t) => t.join('\n'));
  }

  /** How many pixels of a plot's canvas are painted, and in how many colours. */
  ink(selector) {
    return this.page.evaluate((at) => {
      const canvas = document.querySelector(at + ' canvas');
      if (!canvas || !canvas.width || !canvas.height) return { painted: 0, colours: 0, hash: 0 };
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      let painted = 0;
      let hash = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] === 0) continue;
        painted++;
        colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
        hash = (Math.imul(hash, 31) + i + data[i] + data[i + 1] * 3 + data[i + 2] * 7) | 0;
      }
      return { painted, colours: colours.size, hash };
    }, selector);
  }

  async fetch(path) {
    return (await fetch(this.base + path)).json();
  }

  /** A statement from beside the page, for what a walk needs to be there. */
  async sql(query) {
    const response = await fetch(this.base + '/v1/sql', { method: 'POST', headers: { 'Content-Type': 'application/json', ...(this.token && { Authorization: 'Bearer ' + this.token }) }, body: JSON.stringify({ query }) });
    const body = await response.json();
    if (!response.ok) throw new Error(`${query}: ${body.detail}`);
    return body.results;
  }

  async live() {
    await this.until('the status says live', async () => (await this.get('status').getAttribute('data-state')) === 'live');
  }
}
