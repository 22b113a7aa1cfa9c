// Serves ../dist as the server does and hands everything else on to a running Millrace: `npm run dev -- http://127.0.0.1:8086` after each build.

import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const server = new URL(process.argv[2] ?? 'http://127.0.0.1:8086');
const port = Number(process.argv[3] ?? 8187);
// The same policy as DashboardFiles.cs: what breaks under it must break here.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8' };

// The server trusts its own address alone, so requests go on under that name.
const headersFor = (headers) => ({ ...headers, host: server.host, ...(headers.origin ? { origin: server.origin } : {}) });

const here = createServer((req, res) => {
  const path = new URL(req.url, 'http://x').pathname;
  const file = join(dist, path === '/' ? 'index.html' : path);
  if (file.startsWith(dist) && !path.startsWith('/v1/') && extname(file) && existsSync(file)) {
    res.writeHead(200, { 'Content-Security-Policy': POLICY, 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Cache-Control': 'no-cache' });
    res.end(readFileSync(file));
    return;
  }
  const on = request({ hostname: server.hostname, port: server.port, path: req.url, method: req.method, headers: headersFor(req.headers) }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  on.on('error', () => res.destroy());
  res.on('close', () => on.destroy());
  req.pipe(on);
});

here.on('upgrade', (req, socket, head) => {
  const on = connect(Number(server.port), server.hostname, () => {
    const lines = Object.entries(headersFor(req.headers)).map(([name, value]) => `${name}: ${value}`);
    on.write(`GET ${req.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    on.write(head);
    socket.pipe(on).pipe(socket);
  });
  const end = () => { on.destroy(); socket.destroy(); };
  on.on('error', end).on('close', end);
  socket.on('error', end).on('close', end);
});

here.listen(port, '127.0.0.1', () => console.log(`dashboard on http://127.0.0.1:${port}, database at ${server.origin}`));
