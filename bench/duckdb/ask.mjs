// Runs statements that come as JSON strings, one a line, and answers each with the milliseconds until all its rows were read.
import readline from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';

const instance = await DuckDBInstance.create(process.argv[2], { threads: '2' });
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'");
for await (const line of readline.createInterface({ input: process.stdin })) {
  const start = process.hrtime.bigint();
  try {
    await connection.runAndReadAll(JSON.parse(line));
    console.log(Number(process.hrtime.bigint() - start) / 1e6);
  } catch (error) {
    console.log(`failed: ${String(error.message ?? error).replaceAll('\n', ' ')}`);
  }
}
