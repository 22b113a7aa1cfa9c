// A live answer's rows equal what adding up all its changes gives, in any order and grouping of the changes.
// @ts-nocheck Node's test modules have no types here
import test from 'node:test';
import assert from 'node:assert/strict';
import { Multiset, ROWS_MAX } from '../src/query/multiset';

const columns = [{ name: 'k', type: 'integer' }, { name: 'v', type: 'bigint' }];
const order = { column: 0, descending: false };

function random(seed) {
  return () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

for (const key of [null, [0]]) {
  test(`random deltas, ${key ? 'keyed' : 'no key'}`, () => {
    for (let seed = 1; seed <= 200; seed++) {
      const next = random(seed);
      const set = new Multiset(columns, key);
      const model = new Map();
      const live = [];
      const put = (row, w) => model.set(JSON.stringify(row), (model.get(JSON.stringify(row)) ?? 0) + w);
      const start = key ? [[1, '5'], [2, '6']] : [[1, '5'], [1, '5'], [2, '6']];
      set.load(start);
      for (const r of start) { put(r, 1); live.push(r); }
      for (let epoch = 0; epoch < 20; epoch++) {
        const changes = [];
        for (let n = Math.floor(next() * 6); n >= 0; n--) {
          if (live.length && next() < 0.5) {
            const i = Math.floor(next() * live.length);
            const [row] = live.splice(i, 1);
            changes.push([-1, row]);
            put(row, -1);
          }
          let row = [Math.floor(next() * 5), String(Math.floor(next() * 4))];
          if (key && live.some((r) => r[0] === row[0])) continue;
          changes.push([1, row]);
          live.push(row);
          put(row, 1);
        }
        if (next() < 0.5) changes.reverse(); // the order within a delta says nothing
        set.apply({ epoch, changes }, epoch + 1);
        const expected = [...model].flatMap(([text, n]) => Array(n).fill(text)).sort();
        assert.deepEqual(set.list(order).rows.map((r) => JSON.stringify(r)).sort(), expected, `seed ${seed} epoch ${epoch}`);
        assert.equal(set.size, expected.length);
      }
    }
  });
}

test('an update names the cells that changed', () => {
  const set = new Multiset(columns, [0]);
  set.load([[1, '5']]);
  set.apply({ epoch: 1, changes: [[1, [1, '7']], [-1, [1, '5']]] }, 10);
  const list = set.list(order);
  assert.deepEqual(list.rows, [[1, '7']]);
  assert.deepEqual(list.changedCells, [[1]]);
  assert.equal(list.changedAt[0], 10);
});

test('beyond its bound the oldest leave and are counted', () => {
  const set = new Multiset(columns, null);
  set.load(Array.from({ length: ROWS_MAX + 25 }, (_, i) => [i, 'x']));
  assert.equal(set.size, ROWS_MAX);
  assert.equal(set.dropped, 25);
  assert.equal(set.list(order).rows[0][0], 25);
  set.apply({ epoch: 1, changes: [[-1, [3, 'x']]] }, 1); // of a row that already left
  assert.equal(set.size, ROWS_MAX);
});

test('64-bit integers sort by value', () => {
  const set = new Multiset(columns, null);
  set.load([[0, '9007199254740993'], [0, '9007199254740992'], [0, '-3'], [0, null], [0, '12']]);
  assert.deepEqual(set.list({ column: 1, descending: false }).rows.map((r) => r[1]), ['-3', '12', '9007199254740992', '9007199254740993', null]);
});
