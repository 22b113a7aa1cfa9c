// Endpoints: the address of a call, the command for it, and feeds of objects turned into weighted changes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, curlOf } from '../src/endpoints/call';
import type { Endpoint } from '../src/model/contract';
import { ObjectRows } from '../src/query/objects';
import { sniff, template } from '../src/query/paste';

const endpoint: Endpoint = {
  name: 'e', path: '/v1/endpoints/e', columns: [], key: [], query: '', definition: '',
  parameters: [{ name: 'city', type: 'text', required: true, default: null }, { name: 'n', type: 'integer', required: false, default: '5' }],
};

test('an empty parameter is left out, what people type is encoded', () => {
  assert.equal(addressOf(endpoint, {}), '/v1/endpoints/e');
  assert.equal(addressOf(endpoint, { city: 'Bad Ischl & Co', n: '' }, 'csv'), '/v1/endpoints/e?city=Bad%20Ischl%20%26%20Co&format=csv');
  assert.equal(addressOf(endpoint, { n: '3', other: 'x' }), '/v1/endpoints/e?n=3');
});

test('curl: the address is quoted, a token is a variable and never its text', () => {
  assert.equal(curlOf("/e?a='b'&c=1", 'http://h', false, false), "curl 'http://h/e?a='\\''b'\\''&c=1'");
  assert.equal(curlOf('/e', 'http://h', true, true), 'curl -N \'http://h/e\' -H "Authorization: Bearer $MILLRACE_TOKEN" -H \'Accept: text/event-stream\'');
});

const columns = [{ name: 'k', type: 'text' }, { name: 'v', type: 'integer' }];

test('with a key an upsert takes the old row out, a delete names the key alone', () => {
  const rows = new ObjectRows(columns, [0]);
  assert.deepEqual(rows.load([{ k: 'a', v: 1 }, { k: 'b', v: 2 }]), [['a', 1], ['b', 2]]);
  assert.deepEqual(rows.changes([{ k: 'a', v: 3 }, { k: 'c', v: 4 }], [{ k: 'b' }]), [[-1, ['b', 2]], [-1, ['a', 1]], [1, ['a', 3]], [1, ['c', 4]]]);
  assert.deepEqual(rows.changes([{ k: 'a', v: 5 }], [{ k: 'nobody' }]), [[-1, ['a', 3]], [1, ['a', 5]]]);
  rows.clear();
  assert.deepEqual(rows.changes([{ k: 'a', v: 6 }], []), [[1, ['a', 6]]]);
});

test('without a key rows come and go whole, as often as they are said', () => {
  const rows = new ObjectRows(columns, null);
  rows.load([{ k: 'a', v: 1 }]);
  assert.deepEqual(rows.changes([{ k: 'a', v: 1 }, { k: 'a', v: 1 }], [{ k: 'a', v: 1 }]), [[-1, ['a', 1]], [1, ['a', 1]], [1, ['a', 1]]]);
});

test('pasted rows are told apart by how they begin', () => {
  assert.equal(sniff(' [{"a":1}]'), 'json');
  assert.equal(sniff('{"a":1}\n{"a":2}'), 'ndjson');
  assert.equal(sniff('{"a":1}'), 'ndjson');
  assert.equal(sniff('{\n "a": 1\n}'), 'json');
  assert.equal(sniff('a,b\n1,2'), 'csv');
  assert.equal(template([{ name: 'shop', type: 'text' }, { name: 'n', type: 'bigint' }, { name: 'at', type: 'timestamp with time zone' }]), 'shop,n,at\ntext,1,2026-01-01T12:00:00Z');
});
