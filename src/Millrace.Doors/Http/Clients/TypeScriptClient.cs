// The generated client in TypeScript: the types of the endpoints, and one class that reads and follows them in browsers and in Node.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Doors.Http.Clients;

/// <summary>Writes TypeScript.</summary>
internal static class TypeScriptClient
{
    // Written once for all: nothing in it depends on the endpoints but their types.
    private const string Runtime = """
        /** Why a request was refused: application/problem+json of the server. */
        export class MillraceError extends Error {
          constructor(readonly status: number, message: string, readonly parameter?: string, readonly hint?: string) { super(message); }
        }

        export interface Answer<Row> { version: string; data: Row[] }
        /** What a followed answer has become: all its rows, and which of them are new or changed, or gone. */
        export interface Change<Row> { epoch: number; rows: Row[]; upserts: Row[]; deletes: Partial<Row>[]; isSnapshot: boolean }
        export interface FollowOptions { signal?: AbortSignal; minInterval?: string }

        const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

        export class Millrace {
          /** `token` is one, or gives one whenever it is asked. */
          constructor(private readonly base: string, private readonly token?: string | (() => string | Promise<string>)) {}

          /** The answer as of now. */
          async read<N extends keyof Endpoints>(name: N, ...[params]: Arguments<N>): Promise<Answer<Endpoints[N]['row']>> {
            const response = await this.open(name, params, { Accept: 'application/json' });
            return (await response.json()) as Answer<Endpoints[N]['row']>;
          }

          /** Tells of the answer and of each change until the signal is aborted; comes back by itself, where it was. Throws when it may not go on. */
          async follow<N extends keyof Endpoints>(name: N, params: Endpoints[N]['params'], changed: (change: Change<Endpoints[N]['row']>) => void, options: FollowOptions = {}): Promise<void> {
            type Row = Endpoints[N]['row'];
            const { signal } = options;
            let rows: Row[] = [];
            let key: string[] | null = null;
            let loading: Row[] = [];
            let last = '';
            let pause = 250;
            const nameOf = (row: object): string => JSON.stringify(key === null ? row : key.map((c) => (row as Record<string, unknown>)[c] ?? null));
            while (!signal?.aborted) {
              try {
                const headers: Record<string, string> = { Accept: 'text/event-stream' };
                if (last) headers['Last-Event-ID'] = last;
                const response = await this.open(name, params, headers, signal, options.minInterval ? { min_interval: options.minInterval } : {});
                for await (const event of eventsOf(response)) {
                  const data = JSON.parse(event.data);
                  pause = 250;
                  switch (event.event) {
                    case 'schema': {
                      const columns = data.columns.map((c: { name: string }) => c.name);
                      key = data.key === null ? null : data.key.map((i: number) => columns[i]);
                      loading = [];
                      break;
                    }
                    case 'reset': loading = []; break;
                    case 'snapshot':
                      loading.push(...data.rows);
                      if (data.last) { rows = loading; loading = []; changed({ epoch: data.epoch, rows, upserts: rows, deletes: [], isSnapshot: true }); }
                      break;
                    case 'delta': {
                      const next = [...rows];
                      const at = new Map(next.map((row, i) => [nameOf(row as object), i] as const));
                      const gone = new Set<number>();
                      for (const row of data.deletes) {
                        const i = key === null ? next.findIndex((r, j) => !gone.has(j) && nameOf(r as object) === nameOf(row)) : at.get(nameOf(row));
                        if (i !== undefined && i >= 0) gone.add(i);
                      }
                      for (const row of data.upserts) {
                        const i = key === null ? undefined : at.get(nameOf(row));
                        if (i === undefined || gone.has(i)) next.push(row); else next[i] = row;
                      }
                      rows = next.filter((_row, i) => !gone.has(i));
                      changed({ epoch: data.epoch, rows, upserts: data.upserts, deletes: data.deletes, isSnapshot: false });
                      break;
                    }
                    case 'error': throw new MillraceError(data.status, data.detail ?? data.title, undefined, data.hint);
                    case 'auth_expired': throw new MillraceError(401, data.reason);
                  }
                  if (event.id) last = event.id;
                }
              } catch (error) {
                if (signal?.aborted) return;
                if (error instanceof MillraceError && error.status < 500 && error.status !== 429) throw error;
              }
              if (!signal?.aborted) await sleep(pause);
              pause = Math.min(pause * 2, 10_000);
            }
          }

          private async open(name: string, params: object | undefined, headers: Record<string, string>, signal?: AbortSignal, more: Record<string, string> = {}): Promise<Response> {
            const query = new URLSearchParams(more);
            for (const [k, v] of Object.entries(params ?? {})) if (v !== undefined && v !== null) query.set(k, String(v));
            const token = typeof this.token === 'function' ? await this.token() : this.token;
            const address = `${this.base.replace(/\/$/, '')}/v1/endpoints/${encodeURIComponent(name)}${query.size ? '?' + query : ''}`;
            const response = await fetch(address, { headers: token ? { ...headers, Authorization: 'Bearer ' + token } : headers, signal: signal ?? null, cache: 'no-cache' });
            if (response.ok) return response;
            const problem = await response.json().catch(() => ({}));
            throw new MillraceError(response.status, problem.detail ?? problem.title ?? response.statusText, problem.parameter, problem.hint);
          }
        }

        /** Reads server-sent events, wherever the bytes are cut. */
        async function* eventsOf(response: Response): AsyncGenerator<{ event: string; id: string; data: string }> {
          const reader = response.body!.getReader();
          const decoder = new TextDecoder();
          let text = '';
          let event = '';
          let id = '';
          let data: string[] = [];
          try {
            for (;;) {
              const { value, done } = await reader.read();
              if (done) return;
              text += decoder.decode(value, { stream: true });
              const lines = text.split('\n');
              text = lines.pop()!;
              for (const line of lines) {
                if (line === '') {
                  if (data.length) yield { event, id, data: data.join('\n') };
                  event = '';
                  id = '';
                  data = [];
                } else if (line.startsWith('event: ')) event = line.slice(7);
                else if (line.startsWith('id: ')) id = line.slice(4);
                else if (line.startsWith('data: ')) data.push(line.slice(6));
              }
            }
          } finally {
            await reader.cancel().catch(() => undefined);
          }
        }
        """;

    /// <summary>The client of these endpoints.</summary>
    public static string Of(IReadOnlyList<CatalogObject> endpoints, long version)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"// The endpoints of a Millrace server, typed. Made by GET /v1/client.ts of definitions of version {version}: fetch it again, do not change it.\n");
        text.Append("// 64-bit integers and numerics are strings, as numbers of JavaScript would round them.\n\n");
        var names = new ClientNames();
        var list = new StringBuilder();
        foreach (CatalogObject o in endpoints)
        {
            string name = names.Pascal(o.Name);
            text.Append(CultureInfo.InvariantCulture, $"export interface {name}Params {{\n");
            foreach (EndpointParameter p in o.Parameters)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {Quoted(p.Name)}{(p.Default is null ? "" : "?")}: {Parameter(p.Type)};\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"}}\n\nexport interface {name}Row {{\n");
            foreach (Field field in o.Columns.Fields)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {Quoted(field.Name)}: {Column(field.Type)}{(field.Nullable && field.Type.Id != TypeId.Jsonb ? " | null" : "")};\n");
            }

            text.Append("}\n\n");
            list.Append(CultureInfo.InvariantCulture, $"  {Quoted(o.Name)}: {{ params: {name}Params; row: {name}Row }};\n");
        }

        text.Append("export interface Endpoints {\n").Append(list).Append("}\n\n");
        text.Append("/** Parameters may be left out where none has to be given. */\n");
        text.Append("type Arguments<N extends keyof Endpoints> = Record<string, never> extends Endpoints[N]['params'] ? [params?: Endpoints[N]['params']] : [params: Endpoints[N]['params']];\n\n");
        return text.Append(Runtime.ReplaceLineEndings("\n")).Append('\n').ToString();
    }

    private static string Quoted(string name) => JsonSerializer.Serialize(name);

    private static string Parameter(SqlType type) => type.Id switch
    {
        TypeId.Boolean => "boolean",
        TypeId.SmallInt or TypeId.Integer or TypeId.Real or TypeId.Double => "number",
        TypeId.BigInt or TypeId.Numeric => "string | number | bigint",
        _ => "string",
    };

    private static string Column(SqlType type) => type.Id switch
    {
        TypeId.Boolean => "boolean",
        TypeId.SmallInt or TypeId.Integer or TypeId.Real or TypeId.Double => "number",
        TypeId.Jsonb => "unknown",
        TypeId.Array => "unknown[]",
        TypeId.Row => "Record<string, unknown>",
        _ => "string",
    };
}
